"""`Importer`: the base class of what reads logs, `Table`: what it reads, and the registry of importers.

An importer says which columns a source has, and reads them one at a time. What the columns mean is not its business: `data/columns.py`
finds positions, velocities, actions, segments and time among them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.registry import Registry
from mosim_gym.mechanics.storage import FileFault

Array = np.ndarray


@dataclass(frozen=True)
class Table:
    """Named columns of a log. A column has one row for each moment, and one number or several in a row.

    Columns may have different numbers of rows: those that do not belong to the robot's motion are never read.
    """

    source: str
    """The file, as messages name it."""
    shapes: Mapping[str, tuple[int, ...]]
    """For each column `(rows,)` or `(rows, width)`."""
    read: Callable[[str], Array]
    """The column of that name: numbers, or text for one that only tells segments apart."""
    constants: Mapping[str, float] = field(default_factory=dict[str, float])
    """Single numbers that the file gives by name, such as `time_step` in s."""
    first_line: int | None = None
    """The line of a text file that holds row 0, counted from 1."""
    refused: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """The shapes of arrays with three or more axes, which are no columns."""

    @classmethod
    def of(cls, source: str, columns: Mapping[str, Array], constants: Mapping[str, float] | None = None) -> Table:
        """The table of columns that are in memory."""
        shapes = {name: tuple(column.shape) for name, column in columns.items()}
        refused = {name: shape for name, shape in shapes.items() if len(shape) > 2}
        kept = {name: shape for name, shape in shapes.items() if name not in refused}
        return cls(source, kept, lambda name: columns[name], constants or {}, refused=refused)

    def place(self, row: int) -> str:
        """Row `row` of the file, in words."""
        line = "" if self.first_line is None else f" (line {row + self.first_line})"
        return f"row {row}{line}"


class Importer(ABC):
    """Reads logs of one format. It is made without arguments."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    """Ends of the names of its files, such as `.csv`."""
    scheme: ClassVar[str] = ""
    """What a source begins with that is no path, such as `minari` in `minari:<id>`; a path may follow, too."""

    @abstractmethod
    def read(self, source: str) -> Table:
        """The table of a source: a path, or what follows the scheme. Raises `FileFault` for one that is missing or damaged."""

    def owns(self, folder: Path) -> bool:
        """Whether `folder` as a whole is one source of this format."""
        return False


IMPORTERS: Registry[Importer] = Registry(
    "importer",
    "mosim_gym.importers",
    Importer,  # type: ignore[type-abstract]
    {
        "npz": "mosim_gym.data.importers.npz:NpzImporter",
        "csv": "mosim_gym.data.importers.text_table:TextTableImporter",
        "parquet": "mosim_gym.data.importers.parquet:ParquetImporter",
        "hdf5": "mosim_gym.data.importers.hdf5:Hdf5Importer",
        "minari": "mosim_gym.data.importers.minari_dataset:MinariImporter",
        "lerobot": "mosim_gym.data.importers.lerobot:LeRobotImporter",
    },
)


def find_importer(source: str) -> tuple[str, Importer] | None:
    """What an importer reads of `source`, and the importer; None where none reads it.

    A scheme decides first, then the end of a file's name, then what is in a folder.
    """
    kinds = [IMPORTERS.find(name) for name in IMPORTERS.names()]
    scheme, _, rest = source.partition(":")
    path = Path(source)
    for kind in kinds:
        if rest and scheme == kind.scheme:
            return rest, kind()
    for kind in kinds:
        if path.name.lower().endswith(kind.suffixes or ("\0",)) and not path.is_dir():
            return source, kind()
    if path.is_dir():
        for kind in kinds:
            importer = kind()
            if importer.owns(path):
                return source, importer
    return None


def readers(source: str) -> list[tuple[str, Importer]]:
    """What is read of `source`, and by which importer. A folder of logs is all its files that an importer reads.

    Raises `FileFault` if there is nothing, or nothing that an importer reads.
    """
    found = find_importer(source)
    if found is not None:
        return [found]
    path = Path(source)
    suffixes = sorted({s for name in IMPORTERS.names() for s in IMPORTERS.find(name).suffixes})
    if not path.exists():
        scheme = source.partition(":")[0]
        if ":" in source and "/" not in scheme:
            schemes = sorted({kind.scheme for name in IMPORTERS.names() if (kind := IMPORTERS.find(name)).scheme})
            raise UnknownName("kind of source", scheme, schemes)
        raise FileFault(f"There is no log at {source}.")
    if not path.is_dir():
        raise FileFault(f"{source} is of no format that can be imported; files end in {', '.join(suffixes)}.")
    files = [find_importer(str(file)) for file in sorted(path.iterdir()) if file.is_file()]
    if not any(files):
        raise FileFault(f"{source} holds no log; files end in {', '.join(suffixes)}.")
    return [file for file in files if file is not None]


@contextmanager
def as_part_of(place: str, name: str) -> Iterator[None]:
    """A fault of the file `name` in the folder `place` says how the other files are named alone, if `name` may be no log."""
    try:
        yield
    except FileFault as fault:
        folder, own = Path(place), Path(name).suffix
        if not folder.is_dir() or folder == Path(name):
            raise
        ends = Counter(file.suffix for file in folder.iterdir() if file.is_file() and find_importer(str(file)))
        others = [(count, end) for end, count in ends.items() if end != own]
        if not others or (own != ".txt" and ends[own] >= max(others)[0]):
            raise
        pattern = folder / f"*{max(others)[1]}"
        said = str(fault).rstrip(".")
        raise FileFault(f"{said}; if {Path(name).name} is no log, give a pattern such as {pattern}.") from fault


def check_file(source: str) -> Path:
    """The path `source`. Raises `FileFault` if there is no file."""
    path = Path(source)
    if not path.is_file():
        raise FileFault(f"There is no log at {source}.")
    return path
