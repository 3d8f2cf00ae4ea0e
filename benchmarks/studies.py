"""Writes benchmarks/results/studies/<run>.json, one for each of an ordered list of runs, and a plot for each study.

What each study asks stands in `mosim_gym/studies/studies.py`.

`python benchmarks/studies.py --hours 2` runs those not run yet, in order, as long as another one may begin; names of runs, such as
penalty-none-seed-0, run those alone. `--workers ray` makes several at once on a cluster of Ray, one on a core.

An interrupted run goes on from runs/studies; one that is finished begins anew. `--list` says what there is and what is left.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from mosim_gym.adapters.ray import WORKERS, executor
from mosim_gym.mechanics.storage import readable_json, set_aside, write_atomically
from mosim_gym.pictures.learning_plots import watched_plot
from mosim_gym.rl.plain_names import STUDIES as STUDY_NAMES
from mosim_gym.rl.plain_names import run_name
from mosim_gym.studies.studies import RUNS
from mosim_gym.studies.watched import WatchedRun, watch, watched_table, world_of

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "studies"


def _path(run: WatchedRun) -> Path:
    return RESULTS / f"{run.name}.json"


def _folder(run: WatchedRun) -> Path:
    return ROOT / "runs" / "studies" / run.name


def _made(run: WatchedRun) -> tuple[WatchedRun, dict[str, object]]:
    return run, watch(run, _folder(run), report=lambda state: print(json.dumps(state), flush=True))


def _until(end: float, runs: Iterable[WatchedRun]) -> Iterator[WatchedRun]:
    """The runs that begin before `end`."""
    for run in runs:
        if time.monotonic() > end:
            return
        yield run


def _show(draw: bool) -> None:
    """The table of each study, and if wanted a plot of it."""
    studies = defaultdict(list)
    for run in RUNS:
        if _path(run).exists():
            studies[run.study].append(json.loads(_path(run).read_text()))
    for study, runs in studies.items():
        print(f"{study}\n{watched_table(runs)}\n")
        if not draw:
            continue
        curves = defaultdict(list)
        for run in runs:
            curves[run_name(study, run["label"].partition(", seed")[0])].append(run["curve"])
        plot = ROOT / "docs" / "assets" / f"study-{study}.png"
        watched_plot(plot, curves, world=world_of(runs), title=STUDY_NAMES[study])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help="names of runs to make (again)")
    parser.add_argument("--hours", type=float, default=0.0, help="no run of the list begins later than this")
    parser.add_argument("--list", action="store_true", help="show what has been run and what has not")
    parser.add_argument("--workers", choices=WORKERS, help="who makes the runs, if not this process")
    options = parser.parse_args()
    if not options.hours >= 0:
        parser.error(f"--hours is {options.hours}; it must be at least 0")
    known = {run.name: run for run in RUNS}
    for name in options.runs:
        if name not in known:
            parser.error(f"unknown run {name!r}; valid ones are {', '.join(known)}")
    for run in RUNS if options.list else ():
        print("done   " if _path(run).exists() else "waiting", run.name)
    wanted = [known[name] for name in options.runs] or [run for run in RUNS if not _path(run).exists()]
    if options.list:
        wanted = []
    elif not options.runs:
        wanted = _until(time.monotonic() + 3600 * options.hours, wanted)
    for run, result in executor(options.workers).map(_made, wanted):
        write_atomically(_path(run), readable_json(result))
        set_aside(_folder(run))
    _show(draw=not options.list)
