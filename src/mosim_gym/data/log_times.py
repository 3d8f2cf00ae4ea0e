"""Times of a log's rows: where segments begin, which gaps cut them, and whether the rows follow a regular beat.

A gap is a jump of time by more than one and a half steps. It ends a segment, and nothing is interpolated across it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mosim_gym.mechanics.storage import FileFault

Array = np.ndarray
TimeUnit = Literal["s", "ms", "us", "ns"]
UNITS: dict[TimeUnit, float] = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
GAP = 1.5  # steps
NEAR = 1e-6
"""Rates that differ by no more than this share are one rate."""
LOOSE = 0.01  # of a step, by which the time of a row may differ from the beat
QUANTA = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Units of time to which loggers round, in s."""


@dataclass(frozen=True)
class Beat:
    """When the rows of a log were recorded.

    `step` is the time from row to row, the median where it varies. Without `times` it does not vary; else they are those of the rows.
    """

    starts: Array
    step: float
    times: Array | None = None
    gaps: int = 0


def segment_starts(labels: Array) -> tuple[Array, Array | None]:
    """The first rows of the segments that have these labels, and the number of rows; then the order of rows that makes segments whole.

    The order is None where they are whole already.
    """
    changes = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    _, first, numbers = np.unique(labels[np.concatenate(([0], changes))], return_index=True, return_inverse=True)
    starts = np.concatenate(([0], changes, [len(labels)]))
    if len(first) == len(changes) + 1:
        return starts, None
    rank = np.argsort(np.argsort(first))[numbers]  # labels in the order in which they first appear
    order = np.argsort(np.repeat(rank, np.diff(starts)), kind="stable")
    counts = np.bincount(rank, weights=np.diff(starts)).astype(int)
    return np.concatenate(([0], np.cumsum(counts))), order


def find_beat(where: str, times: Array | None, declared: float | None, starts: Array, wanted: float) -> Beat:
    """The beat of rows with these `times` (s) or, without times, of the step that is `declared`.

    `wanted` is the control step. Rows whose times are those of it, but for rounding, follow it. `where` begins the message of a fault.
    """
    if declared is not None and not 0 < declared < np.inf:
        raise FileFault(f"{where}: the time step is {declared:g} s; it must be more than 0.")
    if times is None:
        if declared is None:
            raise FileFault(f"{where} has no column of times; give time_step=…, the seconds from one row to the next.")
        return Beat(starts, wanted if abs(declared / wanted - 1) <= NEAR else declared)
    inside = np.ones(len(times) - 1, bool)
    inside[starts[1:-1] - 1] = False
    steps = np.diff(times)
    usual = float(np.median(steps[inside])) if inside.any() else (declared or wanted)
    nominal = usual if declared is None else declared
    gaps = np.flatnonzero((steps > GAP * nominal) & inside) + 1
    if len(gaps) > len(times) / 2:
        raise FileFault(
            f"{where}: its times lead from row to row by {usual:g} s, and its time step is said to be {nominal:g} s; one is wrong."
        )
    pieces = np.unique(np.concatenate((starts, gaps)))
    for step in (wanted, nominal, _mean_step(times, pieces)):
        if step and _follows(times, pieces, step):
            step = wanted if abs(step / wanted - 1) <= NEAR else step
            return Beat(pieces, step, None, len(gaps))
    return Beat(pieces, nominal, times, len(gaps))


def backwards(times: Array, starts: Array) -> int | None:
    """The first row whose time is not after that of the row before in its segment."""
    odd = np.diff(times) <= 0
    odd[starts[1:-1] - 1] = False
    rows = np.flatnonzero(odd)
    return int(rows[0]) + 1 if len(rows) else None


def _mean_step(times: Array, pieces: Array) -> float:
    """The mean time from row to row."""
    first, last = pieces[:-1], pieces[1:] - 1
    rows = int((last - first).sum())
    return float((times[last] - times[first]).sum() / rows) if rows else 0.0


def _follows(times: Array, pieces: Array, step: float) -> bool:
    """Whether each piece's rows are `step` apart, but for the rounding of their times."""
    lengths = np.diff(pieces)
    counted = np.arange(len(times)) - np.repeat(pieces[:-1], lengths)
    off = times - np.repeat(times[pieces[:-1]], lengths) - counted * step
    loose = max(LOOSE * step, 1.01 * _quantum(times, step), 4 * float(np.spacing(np.abs(times).max())))
    return bool((np.abs(off) <= loose + NEAR * step * counted).all())


def _quantum(times: Array, step: float) -> float:
    """The unit to which the times are rounded, if that is well below `step`; else 0."""
    some = times[:1000] - times[0]
    for unit in QUANTA:
        if unit < step / 2 and np.abs(some / unit - np.round(some / unit)).max() < 1e-3:
            return unit
    return 0.0
