"""The columns that a user gives: a mapping from our names to the log's, or a TOML file that holds one."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

Columns = dict[str, str | list[str]]


def given_columns(columns: object) -> Columns:
    """The mapping that `columns` is, or that the TOML file at this path holds; raises for anything else in one sentence."""
    if columns is None:
        return {}
    if isinstance(columns, str | PathLike):
        return read_columns(Path(os.fsdecode(columns)))
    if not isinstance(columns, Mapping):
        raise TypeError(
            f"columns is a {type(columns).__name__}; it must be a mapping such as {{'action': 'command'}}, or the path of a TOML file "
            "with one."
        )
    return _checked("columns", columns)


def read_columns(path: Path) -> Columns:
    """The mapping of columns in a TOML file: each of our names with a name of the log's, or a list of names."""
    try:
        content = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} is not a readable TOML file ({error}).") from error
    return _checked(f"{path}", content)


def _checked(where: str, columns: Mapping[object, object] | Mapping[str, object]) -> Columns:
    found: Columns = {}
    for ours, theirs in columns.items():
        names = [theirs] if isinstance(theirs, str) or not isinstance(theirs, list | tuple) else list(theirs)
        texts = [name for name in names if isinstance(name, str)]
        if not names or len(texts) < len(names):
            raise ValueError(
                f'{where}: {ours} is {theirs!r}; it must be a column\'s name, or a list such as ["q1", "q2"].'
            )
        found[str(ours)] = texts[0] if isinstance(theirs, str) else texts
    return found
