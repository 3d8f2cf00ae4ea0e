"""Logs as tables of text: `.csv`, `.tsv` and `.txt`, with the columns' names in the first line."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import ClassVar

import numpy as np

from mosim_gym.data.importers.base import Array, Importer, Table, check_file
from mosim_gym.mechanics.storage import FileFault

DELIMITERS = (",", ";", "\t")
_PLACE = re.compile(r"could not convert string '?(.*?)'? to \w+ at row (\d+), column (\d+)", re.DOTALL)


class TextTableImporter(Importer):
    """Reads tables of text with commas, semicolons, tabulators or spaces between the numbers.

    A file without a line of names has columns called 0, 1, and so on. Columns of text can only tell segments apart.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".txt")

    def read(self, source: str) -> Table:
        """The columns of the file `source`. It is read once, when the first column is needed."""
        path = check_file(source)
        names, skipped, delimiter, first = _beginning(path)
        numeric = [i for i, value in enumerate(first[: len(names)]) if _is_number(value)]
        kept: dict[str, Array] = {}

        def load(places: list[int], kind: type) -> Array:
            try:
                return np.loadtxt(
                    path, kind, delimiter=delimiter, skiprows=skipped, usecols=places, comments=None, quotechar='"', ndmin=2,
                    encoding="utf-8-sig",
                )  # fmt: skip
            except ValueError as error:
                raise _misfit(source, error, names, skipped) from error

        if not first:
            raise FileFault(f"{source} has no rows; a log needs at least two.")
        _check_regular(path, skipped, delimiter, names)
        numbers = load(numeric, float) if numeric else np.zeros((0, 0))
        rows = len(numbers)
        kept = {names[place]: numbers[:, i] for i, place in enumerate(numeric)}

        def column(name: str) -> Array:
            return kept[name] if name in kept else load([names.index(name)], str)[:, 0]

        return Table(source, dict.fromkeys(names, (rows,)), column, first_line=skipped + 1)


def _beginning(path: Path) -> tuple[list[str], int, str | None, list[str]]:
    """The names of the columns, the lines before the first row, the delimiter, and the texts of the first row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line, _ in zip(file, range(1000), strict=False)]
    except (OSError, UnicodeDecodeError) as error:
        raise FileFault(f"{path} is not a readable table of text ({error}).") from error
    comments = 0
    while comments < len(lines) - 1 and _is_before_names(lines, comments):
        comments += 1
    if not lines:
        return [], 0, None, []
    header = lines[comments].strip().removeprefix("#").strip()
    delimiter = max(DELIMITERS, key=header.count)
    delimiter = delimiter if delimiter in header else None
    names = _fields(header, delimiter)
    if all(_is_number(name) for name in names):
        return [str(i) for i in range(len(names))], comments, delimiter, names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FileFault(f"{path} has two columns with the name {twice!r}.")
    after = next((line for line in lines[comments + 1 :] if line.strip()), "")
    return names, comments + 1, delimiter, _fields(after.strip("\r\n"), delimiter) if after else []


def _check_regular(path: Path, skipped: int, delimiter: str | None, names: list[str]) -> None:
    """Raise `FileFault` for a row with more or fewer numbers than there are names; a delimiter at its end does not count."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, line in enumerate(file):
                row = line.strip(" \r\n") if delimiter else line.strip()
                if number < skipped or not row.strip():
                    continue
                found = len(row.split()) if delimiter is None else row.count(delimiter) + 1 - row.endswith(delimiter)
                if found != len(names) and '"' not in row and len(_fields(row, delimiter)) != len(names):
                    raise FileFault(
                        f"{path} has {found} values in line {number + 1} (row {number - skipped}), and {len(names)} columns "
                        f"({', '.join(names[:8])}{', …' if len(names) > 8 else ''}); correct the row or cut it out."
                    )
    except UnicodeDecodeError as error:
        raise FileFault(f"{path} is not a readable table of text ({error}).") from error


def _is_before_names(lines: list[str], place: int) -> bool:
    """Whether the line is empty, or a comment that another comment follows."""
    line, after = lines[place].strip(), lines[place + 1].strip()
    return not line or (line.startswith("#") and (after.startswith("#") or not after))


def _fields(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter))]


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return value == ""
    return True


def _misfit(source: str, error: ValueError, names: list[str], skipped: int) -> FileFault:
    """What numpy says of a table, with the file, the column and the line."""
    found = _PLACE.search(str(error))
    if found is None:
        said = str(error).split(";")[0].rstrip(".")
        return FileFault(f"{source} is not a regular table: {said} (after {skipped} lines before the first row).")
    value, row, place = found[1], int(found[2]), int(found[3]) - 1
    what = f"{value!r}, which is no number" if value.strip("'\" ") else "nothing"
    name = names[place] if 0 <= place < len(names) else str(place)
    return FileFault(f"{source} has {what} in column {name!r}, row {row} (line {row + skipped + 1}).")
