"""Writes benchmarks/results/sample_efficiency/<cell>.json, one for each cell of an ordered matrix, and a plot for each task.

`python benchmarks/sample_efficiency.py --hours 2` runs the cells that have not been run yet, in order, as long as another one may begin;
names of cells, such as CheetahRun-on-policy-gradients-seed0, run those alone. `--list` says what there is and what is left. The strategies
are those of the registry that learn from real steps; `sac` and `tqc` are learners on the real task alone.

`--workers ray` runs several cells at once on a cluster of Ray, one on a core.

A cell that is interrupted goes on from runs/sample-efficiency; one that is finished begins anew.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mosim_gym.adapters.ray import WORKERS, executor
from mosim_gym.evaluation.published import levels_after_100_000, published_levels
from mosim_gym.mechanics.storage import readable_json, set_aside, write_atomically
from mosim_gym.pictures.learning_plots import sample_efficiency_plot
from mosim_gym.studies.efficiency_summary import grouped
from mosim_gym.studies.efficiency_tables import efficiency_table
from mosim_gym.studies.sample_efficiency import USUAL_STEPS, Cell, matrix, run_cell, title

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "sample_efficiency"
ZERO_SHOT = ROOT / "benchmarks" / "results" / "zero_shot.json"
MATRIX = matrix()


def _path(cell: Cell) -> Path:
    return RESULTS / f"{cell.name}.json"


def _folder(cell: Cell) -> Path:
    return ROOT / "runs" / "sample-efficiency" / cell.name


def _run(cell: Cell) -> dict[str, Any]:
    return run_cell(cell, _folder(cell), report=lambda state: print(json.dumps(state), flush=True))


def _until(end: float, cells: Iterable[Cell]) -> Iterator[Cell]:
    """The cells that begin before `end`."""
    for cell in cells:
        if time.monotonic() > end:
            return
        yield cell


def _keep(cell: Cell, result: Mapping[str, Any]) -> None:
    write_atomically(_path(cell), readable_json(result))
    set_aside(_folder(cell))


def _zero_shot_level(task: str) -> dict[str, float]:
    policies = json.loads(ZERO_SHOT.read_text())["policies"].values()
    found = [p["real"]["mean"] for p in policies if p["task"] == task]
    return {f"zero-shot, no real step ({len(found)} policies)": sum(found) / len(found)} if found else {}


def _levels(task: str) -> dict[str, float]:
    """What the curves of a task are seen against."""
    return _zero_shot_level(task) | levels_after_100_000(task)


def _show(draw: bool) -> None:
    """The table of everything there is, and if wanted a plot for each task."""
    groups = grouped(json.loads(_path(cell).read_text()) for cell in MATRIX if _path(cell).exists())
    print(efficiency_table([cell for cells in groups.values() for cell in cells]))
    for task in {task for task, _ in groups} if draw else ():
        plots: dict[str, dict[str, list[Any]]] = {"": {}, "-long": {}}
        for (other, strategy), cells in groups.items():
            if other == task:
                which = "-long" if cells[0]["real_steps"] > USUAL_STEPS else ""
                plots[which][title(task, strategy)] = [cell["curve"] for cell in cells]
        for which, curves in plots.items():
            if curves:
                plot = ROOT / "docs" / "assets" / f"sample-efficiency-{task}{which}.png"
                levels = published_levels(task, ("SAC", "DreamerV3", "TD-MPC2")) if which else _levels(task)
                sample_efficiency_plot(plot, curves, levels, title=f"{task}, return against real steps")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", nargs="*", help="names of cells to run (again)")
    parser.add_argument("--hours", type=float, default=0.0, help="no cell of the matrix begins later than this")
    parser.add_argument("--list", action="store_true", help="show what has been run and what has not")
    parser.add_argument("--workers", choices=WORKERS, help="who runs the cells, if not this process")
    options = parser.parse_args()
    if not options.hours >= 0:
        parser.error(f"--hours is {options.hours}; it must be at least 0")
    known = {cell.name: cell for cell in MATRIX}
    for name in options.cells:
        if name not in known:
            parser.error(f"unknown cell {name!r}; --list shows the valid ones")
    if options.list:
        for cell in MATRIX:
            print("done   " if _path(cell).exists() else "waiting", cell.name)
    wanted = [known[name] for name in options.cells] or [cell for cell in MATRIX if not _path(cell).exists()]
    if options.list:
        wanted = []
    elif not options.cells:
        wanted = _until(time.monotonic() + 3600 * options.hours, wanted)
    for result in executor(options.workers).map(_run, wanted):
        _keep(Cell.of(result), result)
    _show(draw=not options.list)
