"""Writes benchmarks/results/measured.json: models learned from measured motion of two machines, and plots in docs/assets.

`python benchmarks/measured.py --pendulum PATH.npz --cube PATH.npz --budget 5m --shares 0.1,0.3,1.0` trains a model for each share of the
logs; with `--known inertia` models that take masses from the description, with `--known simulation` models that learn what MuJoCo's motion
of the description leaves, and with `--start simulation` models that learned MuJoCo's motion before. docs/results/measured.md says where the
logs are from. What has been measured already with that budget is kept; an interrupted run goes on from runs/measured. `--draw` draws the
plots again and measures nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.storage import readable_json, set_aside, write_atomically
from mosim_gym.pictures.measured_plot import measured_plot
from mosim_gym.studies.measured_motion import MACHINES, draw_motion, machine_logs, measure_share, run_name
from mosim_gym.studies.measured_tables import measured_panels, measured_table
from mosim_gym.training.logs_config import KNOWABLE, SIMULATION
from mosim_gym.zoo.names import CHECKPOINT, load

ROOT = Path(__file__).resolve().parents[1]
ROBOTS = ROOT / "benchmarks" / "robots"
RESULTS = ROOT / "benchmarks" / "results" / "measured.json"


def _shares(text: str) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 0.1,0.3,1.0") from error
    if not all(0 < share <= 1 for share in shares):
        raise argparse.ArgumentTypeError(f"{text!r} has a share that is not above 0 and at most 1")
    return shares


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, machine in MACHINES.items():
        parser.add_argument(f"--{name}", type=Path, metavar="PATH", help=f"logs of the {machine.title.lower()}")
    parser.add_argument("--budget", default="5m", help="time of training of each model")
    parser.add_argument("--shares", type=_shares, default=[0.1, 0.3, 1.0], help="of the logs, such as 0.1,0.3,1.0")
    parser.add_argument("--known", choices=KNOWABLE, help="what is known before; by default nothing")
    parser.add_argument("--start", choices=[SIMULATION], help="what models learn before; by default nothing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draw", action="store_true", help="draw what has been measured, and with logs their motion")
    options = parser.parse_args()
    seconds(options.budget)
    if options.known and options.start:
        parser.error("a model that starts from a simulation knows nothing else: give --known or --start")
    report: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, machine in MACHINES.items():
        source = getattr(options, name)
        if source is None:
            continue
        logs = machine_logs(machine, ROBOTS, source)
        if options.draw:
            whole = ROOT / "runs" / "measured" / f"{name}-1-{options.budget}-finished" / CHECKPOINT
            for picture in draw_motion(load(whole), logs, ROOT / "docs" / "assets", name) if whole.exists() else []:
                print("wrote", picture)
            continue
        for share in sorted(options.shares, reverse=True):
            runs, run = report.setdefault(name, {}), run_name(share, options.known, options.start)
            if runs.get(run, {}).get("budget") == options.budget:
                continue
            begun = options.start and f"start-{options.start}"
            parts = (name, f"{share:g}", options.known, begun, options.budget)
            folder = ROOT / "runs" / "measured" / "-".join(filter(None, parts))
            runs[run] = measure_share(
                machine, logs, share, budget=options.budget, seed=options.seed, known=options.known, start=options.start,
                robots=ROBOTS, folder=folder, report=lambda state: print(json.dumps(state), flush=True),
            )  # fmt: skip
            report[name] = dict(sorted(runs.items(), key=lambda item: (item[1]["share"], item[0])))
            write_atomically(RESULTS, readable_json(report))
            set_aside(folder)
    for name, runs in ((name, runs) for name, runs in report.items() if runs):
        print(f"{measured_table(name, runs)}\n")
        measured_plot(ROOT / "docs" / "assets" / f"measured-{name}.png", measured_panels(runs), MACHINES[name].title)
