"""`study`: the tables of the MoSim paper, measured cell by cell, what of them is left, and the open benchmark of world models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg, subcommand

from mosim_gym.cli.common import Out

Data = Annotated[Path, arg(help="Folder for what cells share, such as motion to learn from; it may grow to gigabytes.")]


def _names(text: str | None, option: str) -> list[str]:
    """The names in an option, between commas; none where it was not given."""
    found = [name.strip() for name in (text or "").split(",") if name.strip()]
    if text is not None and not found:
        raise ValueError(f"{option} has no name; leave it out, or give names with commas between.")
    return found


@dataclass(frozen=True)
class PaperTable:
    """Measure a table of the MoSim paper. Cells that have been run are not run again; an interrupted run goes on with the next cell."""

    name: Annotated[Positional[str], arg(help="A study, such as lyapunov; `mosim-gym study list` has all of them.")]
    cells: Annotated[
        str | None, arg(help="Cells to run, with commas between; by default all above the cut line, in order.")
    ] = None
    below: Annotated[bool, arg(help="Run the cells below the cut line, too.")] = False
    hours: Annotated[float | None, arg(help="Begin no cell that would probably end later than this.")] = None
    set: Annotated[
        tuple[str, ...],
        arg(help="Settings of the study, such as seed=1; by default those of the cells that there are."),
    ] = ()
    show: Annotated[bool, arg(help="Run nothing: show the table of what has been run.")] = False
    pictures: Annotated[Path | None, arg(help="Folder to draw the study's pictures into.")] = None
    out: Out = Path("runs/paper")
    data: Data = Path("runs/paper-data")

    def run(self) -> None:
        from mosim_gym.mechanics.numbers import check_at_least
        from mosim_gym.mechanics.storage import check_folder
        from mosim_gym.studies.paper.catalogue import find_study

        check_folder(self.data, "--data")
        if self.pictures is not None:
            check_folder(self.pictures, "--pictures")

        study = find_study(self.name).stored(self.out).changed(self.set)
        if self.hours is not None:
            check_at_least(0, **{"--hours": self.hours})
        names = _names(self.cells, "--cells")
        results = (
            study.results(self.out)
            if self.show
            else study.run(
                self.out,
                self.data,
                names=names,
                hours=self.hours,
                below=self.below,
                report=lambda text: print(text, flush=True),
            )
        )
        print(study.summary(results))
        if self.pictures is not None and results:
            for path in study.pictures(results, self.pictures):
                print(f"wrote {path}")


@dataclass(frozen=True)
class ListStudies:
    """List all studies, or all cells of one: what has been run, what is left, and about how many minutes it takes on one core."""

    name: Annotated[Positional[str | None], arg(help="A study; by default all of them.")] = None
    set: Annotated[
        tuple[str, ...],
        arg(help="Settings of the study, such as seed=1; by default those of the cells that there are."),
    ] = ()
    out: Out = Path("runs/paper")

    def run(self) -> None:
        from mosim_gym.studies.paper.catalogue import find_study, studies_table

        if self.name is None:
            if self.set:
                raise ValueError("--set has settings of one study; name it.")
            print(studies_table(self.out))
            return
        study = find_study(self.name).stored(self.out).changed(self.set)
        print(study.standing(study.results(self.out)))


@dataclass(frozen=True)
class Enter:
    """Enter a world model into the open benchmark: fit it, test it twice, write the entry. An interrupted run goes on."""

    name: Annotated[Positional[str], arg(help="A registered world model, of this or of another installed package.")]
    robots: Annotated[str | None, arg(help="Robots, with commas between; by default all that an entry needs.")] = None
    budget: Annotated[str | None, arg(help="Time to fit for each robot, such as 2m; by default the benchmark's.")] = (
        None
    )
    transitions: Annotated[
        int | None, arg(help="Control steps to learn from, for each robot; by default the benchmark's.")
    ] = None
    segments: Annotated[int | None, arg(help="Segments of each test; by default the benchmark's.")] = None
    out: Out = Path("runs/benchmark")
    data: Data = Path("runs/paper-data")

    def run(self) -> None:
        from mosim_gym.mechanics.durations import seconds
        from mosim_gym.mechanics.storage import check_folder
        from mosim_gym.robots import load_robot
        from mosim_gym.studies.open_benchmark import ROBOTS, Rules, enter
        from mosim_gym.studies.open_benchmark_table import entries_table

        check_folder(self.data, "--data")
        robots = _names(self.robots, "--robots") or ROBOTS
        for robot in robots:
            load_robot(robot)
        chosen = {
            "budget": None if self.budget is None else seconds(self.budget),
            "transitions": self.transitions,
            "segments": self.segments,
            "drawn_segments": self.segments,
        }
        rules = Rules(**{name: value for name, value in chosen.items() if value is not None})  # pyright: ignore[reportArgumentType]
        path = enter(
            self.name,
            self.out,
            self.data,
            robots=robots,
            rules=rules,
            report=lambda text: print(text, flush=True),
        )
        print(entries_table([json.loads(path.read_text())]))
        print(f"wrote {path}")


@dataclass(frozen=True)
class Study:
    """Measure the tables of the MoSim paper, say what of them is left, and enter the open benchmark of world models."""

    what: (
        Annotated[PaperTable, subcommand("paper")]
        | Annotated[ListStudies, subcommand("list")]
        | Annotated[Enter, subcommand("enter")]
    )  # fmt: skip

    def run(self) -> None:
        self.what.run()
