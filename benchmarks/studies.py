"""Writes benchmarks/results/studies/<run>.json, one for each of an ordered list of runs, and a plot for each study.

In all of them a policy trains zero-shot, and everything on the way is played in reality afterwards:

- `penalty`: SAC in a model that has seen random motion only, alone, with the density penalty, and with the ensemble's disagreement.
- `horizon-model`: SAC in the packaged model with short episodes from starts spread over all motion, as long as a model may have to predict.
- `horizon-truth`: TQC in MuJoCo itself with short episodes from the task's own starts: how far a model would have to see for it to work.
- `critic`: SAC with layer norms in its critics, and with SB3's own.

`python benchmarks/studies.py --hours 2` runs those not run yet, in order, as long as another one may begin; names of runs, such as
penalty-none, run those alone. An interrupted run goes on from runs/studies.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

from mosim_gym.evaluation.plots import watched_plot
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.rl.watched import WatchedRun, watch, watched_table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "studies"
MINUTE = 60.0
PENALTIES = [
    WatchedRun(
        "penalty", label, "CheetahRun", 20 * MINUTE, "cheetah:narrow", {"penalty": penalty, "evaluate_every": 50_000}
    )
    for label, penalty in (("none", "none"), ("density", "density"), ("disagreement", "disagreement"))
]
MODEL_HORIZONS = [
    WatchedRun("horizon-model", f"{episode} steps", "CheetahRun", 15 * MINUTE, None, {"episode": episode, "wide": 0.8})
    for episode in (10, 50, 100)
]
TRUE_HORIZONS = [
    WatchedRun("horizon-truth", f"{episode} steps", task, 15 * MINUTE, "truth", {"algo": "tqc", "episode": episode})
    for task, episodes in (("CheetahRun", (60, 200, 500)),)
    for episode in episodes
]
CRITICS = [
    WatchedRun("critic", critic, "WalkerRun", 10 * MINUTE, None, {"critic": critic, "evaluate_every": 50_000})
    for critic in ("normed", "plain")
]
RUNS = [*PENALTIES, *CRITICS, *MODEL_HORIZONS, *TRUE_HORIZONS]
"""In the order in which they are worth their hours."""


def _path(run: WatchedRun) -> Path:
    return RESULTS / f"{run.name}.json"


def _show() -> None:
    """The table of each study, and a plot of it."""
    studies = defaultdict(list)
    for run in RUNS:
        if _path(run).exists():
            studies[run.study].append(json.loads(_path(run).read_text()))
    for study, runs in studies.items():
        print(f"{study}\n{watched_table(runs)}\n")
        curves = {run["label"]: run["curve"] for run in runs}
        watched_plot(ROOT / "docs" / "assets" / f"study-{study}.png", curves, title=runs[0]["task"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help="names of runs to make (again)")
    parser.add_argument("--hours", type=float, default=0.0, help="no run of the list begins later than this")
    options = parser.parse_args()
    known = {run.name: run for run in RUNS}
    for name in options.runs:
        if name not in known:
            parser.error(f"unknown run {name!r}; valid ones are {', '.join(known)}")
    begun = time.monotonic()
    for run in [known[name] for name in options.runs] or [run for run in RUNS if not _path(run).exists()]:
        if not options.runs and time.monotonic() - begun > 3600 * options.hours:
            break
        result = watch(run, ROOT / "runs" / "studies" / run.name, report=lambda s: print(json.dumps(s), flush=True))
        write_atomically(_path(run), json.dumps(result, indent=1) + "\n")
    _show()
