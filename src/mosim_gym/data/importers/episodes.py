"""Columns of logs that are stored episode by episode, and slices of columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mosim_gym.data.importers.base import Array, Table

SEGMENT = "segment"
_SLICE = re.compile(r"(.+)\[(\d*)(:?)(\d*)\]")


def episodes_table(
    source: str,
    names: Sequence[str],
    shapes: Mapping[str, Sequence[tuple[int, ...]]],
    read: Callable[[str, int], Array],
    constants: Mapping[str, float] | None = None,
) -> Table:
    """The table of episodes with these `names`, which are the column `segment`.

    `shapes` has those of each column in all episodes, and `read` gives the part of a column in an episode. An episode has as many rows as
    its longest column. A column with one row less, as actions between states are, repeats its last row. Other columns are left out.
    """
    rows = [max(parts[i][0] for parts in shapes.values()) for i in range(len(names))]
    whole = {
        name: parts
        for name, parts in shapes.items()
        if all(
            part[0] in (n, n - 1) and part[0] and part[1:] == parts[0][1:] for part, n in zip(parts, rows, strict=True)
        )
    }
    total = sum(rows)

    def column(name: str) -> Array:
        if name == SEGMENT:
            return np.repeat(np.array(names), rows)
        found: Array | None = None
        first = 0
        for i, n in enumerate(rows):
            part = read(name, i)
            if found is None:
                found = np.empty((total, *part.shape[1:]), part.dtype)
            found[first : first + len(part)] = part
            found[first + len(part) : first + n] = part[-1:]
            first += n
        return np.zeros(0) if found is None else found

    found = {name: (total, *parts[0][1:]) for name, parts in whole.items()}
    return Table(source, {SEGMENT: (total,), **found}, column, constants or {})


def numbers_of(table: Table, name: str) -> tuple[str, float, float]:
    """The column that `name` stands for, and the first number of it and that after the last."""
    found = _SLICE.fullmatch(name)
    if found is None or len(table.shapes.get(found[1], ())) != 2:
        return name, 0, math.inf
    first = int(found[2] or 0)
    last = first + 1 if not found[3] else int(found[4]) if found[4] else math.inf
    return found[1], first, last


def with_slices(table: Table, names: Iterable[str]) -> Table:
    """`table` with those of `names` that are parts of its columns: `observations[0:9]`, `observations[3]`."""
    parts: dict[str, tuple[str, slice | int]] = {}
    for name in names:
        found = _SLICE.fullmatch(name)
        if found is not None and name not in table.shapes and len(table.shapes.get(found[1], ())) == 2:
            first, last = (int(text) if text else None for text in (found[2], found[4]))
            width = table.shapes[found[1]][1]
            if found[3]:
                parts[name] = found[1], slice(*slice(first, last).indices(width))
            elif first is not None and first < width:
                parts[name] = found[1], first
    if not parts:
        return table
    shapes = dict(table.shapes)
    for name, (whole, part) in parts.items():
        rows = table.shapes[whole][0]
        shapes[name] = (rows,) if isinstance(part, int) else (rows, max(0, part.stop - part.start))
    kept: dict[str, Array] = {}

    def column(name: str) -> Array:
        if name not in parts:
            return table.read(name)
        whole, part = parts[name]
        if whole not in kept:
            kept.clear()  # one column at a time
            kept[whole] = table.read(whole)
        return kept[whole][:, part]

    return replace(table, shapes=shapes, read=column)
