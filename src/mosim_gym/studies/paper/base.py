"""`PaperStudy`: a table that is measured cell by cell. A cell is one JSON file, and a cell whose file exists is not run again."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.folder_lock import FolderLock, InUse
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.schema import Rule, anything
from mosim_gym.mechanics.settings import check_settings, kind_of
from mosim_gym.mechanics.storage import FileFault, readable_json, write_atomically
from mosim_gym.studies.paper.cell_files import Result, check_measured, read_label

Results = Mapping[str, Result]
"""Results by the names of their cells."""


@dataclass(frozen=True)
class Cell:
    """One measurement of a study."""

    name: str
    """What its file is called."""
    minutes: float
    """About how long it takes on one core."""
    measure: Callable[[Path], Result]
    """Runs it. The argument is a folder for what several cells share, such as motion to learn from."""
    holds: Rule = anything
    """What it measures, as its file must hold it."""
    first: bool = True
    """Whether it is above the cut line: one of the cells without which the table says little."""


@dataclass(frozen=True)
class PaperStudy(ABC):
    """A study. The fields of a subclass are its settings, each with a default and a rule."""

    name: ClassVar[str]
    """What the command line calls it."""
    title: ClassVar[str]
    """What it measures, in one line, with the number of the paper's table."""

    def __post_init__(self) -> None:
        """Raise for a setting that breaks its rule."""
        check_settings(self)

    @abstractmethod
    def cells(self) -> list[Cell]:
        """All cells, in the order in which they are worth their minutes."""

    @abstractmethod
    def table(self, results: Results) -> str:
        """The Markdown table of those cells that have been run, beside the paper's figures."""

    def pictures(self, results: Results, folder: Path) -> list[Path]:
        """Draw the results into `folder`; the paths of the pictures. By default none."""
        return []

    def settings(self) -> dict[str, object]:
        """The settings as a cell's file holds them."""
        return json.loads(readable_json(asdict(self)))

    @classmethod
    def stored(cls, folder: Path) -> Self:
        """The study with the settings of the cells that are in `folder/name`; with the defaults where there are none."""
        path = next(iter(sorted((folder / cls.name).glob("*.json"))), None)
        if path is None:
            return cls()
        _, there = read_label(path, [item.name for item in fields(cls)], {"study": cls.name, "cell": path.stem})
        try:
            return cls(**there)
        except (ValueError, TypeError) as error:
            raise FileFault(f"{path} has a setting that no cell has: {error}") from error

    def changed(self, assignments: Sequence[str]) -> Self:
        """The study with settings in the form `name=value`. Unknown names raise `KeyError` with the valid ones."""
        valid = {item.name: item.default for item in fields(self)}
        changes: dict[str, Any] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if name not in valid:
                raise UnknownName(f"setting of the study {self.name}", name, list(valid))
            if not equals:
                raise ValueError(f"{assignment!r} has no value: write {name}={valid[name]}.")
            try:
                changes[name] = type(valid[name])(text)
            except ValueError:
                raise ValueError(
                    f"{assignment!r}: {name} needs {kind_of(valid[name])}, such as {valid[name]}."
                ) from None
        return replace(self, **changes)

    def results(self, folder: Path) -> dict[str, Result]:
        """The cells in `folder/name` that have been run, in their order.

        A cell that was run with other settings, or whose file lacks one of its numbers, raises `FileFault`.
        """
        found: dict[str, Result] = {}
        for cell in self.cells():
            path = self._path(folder, cell)
            if not path.exists():
                continue
            content, there = read_label(path, list(self.settings()), self._label(cell))
            odd = next((key for key, value in self.settings().items() if there[key] != value), None)
            if odd is not None:
                raise FileFault(
                    f"{path} was measured with {odd}={there[odd]}, not {self.settings()[odd]}; choose another --out for other settings."
                )
            check_measured(path, content, cell.holds)
            found[cell.name] = content
        return found

    def _label(self, cell: Cell) -> dict[str, str]:
        """What a cell's file says of whose it is."""
        return {"study": self.name, "cell": cell.name}

    def _path(self, folder: Path, cell: Cell) -> Path:
        return folder / self.name / f"{cell.name}.json"

    def run(
        self,
        folder: Path,
        shared: Path,
        *,
        names: Sequence[str] = (),
        hours: float | None = None,
        below: bool = False,
        report: Callable[[str], None] = lambda _: None,
    ) -> dict[str, Result]:
        """Run the cells that have not been run: those of these `names`, else all above the cut line, with `below` the others too.

        With `hours`, no cell begins that would end later by its minutes. A cell that another process runs, or whose motion it collects, is
        left out. A signal ends the cell that runs, which the next run begins anew. Returns all results that there are.
        """
        known = {cell.name: cell for cell in self.cells()}
        for name in names:
            if name not in known:
                raise UnknownName(f"cell of the study {self.name}", name, list(known))
        done, begun = self.results(folder), time.monotonic()
        wanted = [known[name] for name in names] or [cell for cell in known.values() if cell.first or below]
        for cell in wanted:
            path = self._path(folder, cell)
            if cell.name in done or path.exists():
                continue
            spent = (time.monotonic() - begun) / 60
            if hours is not None and spent + cell.minutes > 60 * hours:
                report(f"{cell.name} takes about {cell.minutes:.0f} min, longer than what is left of --hours")
                continue
            try:
                _alone = FolderLock(path.parent, path.name)
                report(f"{cell.name}, about {cell.minutes:.0f} min")
                start = time.monotonic()
                measured = cell.measure(shared)
            except InUse as error:
                report(f"{cell.name} is not run now: {error}")
                continue
            except KeyboardInterrupt:
                kept = sum(self._path(folder, other).exists() for other in known.values())
                report(
                    f"{cell.name} ended before it was measured. Kept: {kept} measured cell{'s' * (kept != 1)} in {path.parent}, and "
                    f"what is in {shared}. The same command goes on and begins this cell anew."
                )
                raise
            result = {**self._label(cell), "settings": self.settings(), **measured}
            result |= {"minutes": (time.monotonic() - start) / 60, "provenance": provenance()}
            write_atomically(path, readable_json(result))
            del _alone
        return self.results(folder)

    def summary(self, results: Results) -> str:
        """The table, and a sentence on what has not been run: cells above the cut line by name, the others by their number."""
        left = [cell for cell in self.cells() if cell.name not in results]
        named = [f"`{cell.name}`" for cell in left if cell.first]
        below = len(left) - len(named)
        said = [*named, *([f"{below} cell{'s' * (below > 1)} below the cut line"] if below else [])]
        shown = [self.table(results)] if results else []
        return "\n\n".join([*shown, *([f"Not run yet: {', '.join(said)}."] if said else [])])

    def standing(self, results: Results) -> str:
        """A Markdown table of all cells in order: run or not, and the minutes that each takes. Below it the settings, times in seconds."""
        rows: list[list[str]] = []
        for cell in self.cells():
            where = "above" if cell.first else "below"
            rows.append([cell.name, "run" if cell.name in results else "left", f"{cell.minutes:.0f}", where])
        said = " ".join(f"{name}={value}" for name, value in self.settings().items())
        return f"{table(['Cell', 'State', 'Minutes', 'Cut line'], rows)}\n\nSettings, times in seconds: --set {said}"

    def left(self, results: Results) -> tuple[int, float]:
        """How many cells above the cut line are left, and the minutes that they take."""
        cells = [cell for cell in self.cells() if cell.first and cell.name not in results]
        return len(cells), sum(cell.minutes for cell in cells)
