"""Writes benchmarks/results/measured.json: models learned from measured motion of two machines, and plots in docs/assets.

`python benchmarks/measured.py --pendulum PATH.npz --cube PATH.npz --budget 5m --shares 0.1,0.3,1.0` trains a model for each share of the
logs; with `--known inertia` models that take masses from the description. docs/results/measured.md says where the logs are from. What has
been measured already with that budget is kept; an interrupted run goes on from runs/measured. `--draw` draws the plots again and measures
nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mosim_gym.dynamics.config import KNOWN
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.storage import readable_json, set_aside, write_atomically
from mosim_gym.pictures.measured_plot import measured_plot
from mosim_gym.studies.measured_motion import MACHINES, machine_logs, measure_share, run_name
from mosim_gym.studies.measured_tables import measured_panels, measured_table

ROOT = Path(__file__).resolve().parents[1]
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
    parser.add_argument("--known", choices=KNOWN, help="what models take from the description; by default nothing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draw", action="store_true", help="draw what has been measured")
    options = parser.parse_args()
    seconds(options.budget)
    report: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, machine in MACHINES.items():
        source = getattr(options, name)
        if source is None or options.draw:
            continue
        logs = machine_logs(machine, ROOT / "benchmarks" / "robots", source)
        for share in sorted(options.shares, reverse=True):
            runs, run = report.setdefault(name, {}), run_name(share, options.known)
            if runs.get(run, {}).get("budget") == options.budget:
                continue
            folder = (
                ROOT / "runs" / "measured" / "-".join(filter(None, (name, f"{share:g}", options.known, options.budget)))
            )
            runs[run] = measure_share(
                machine, logs, share, budget=options.budget, seed=options.seed, known=options.known, folder=folder,
                report=lambda state: print(json.dumps(state), flush=True),
            )  # fmt: skip
            report[name] = dict(sorted(runs.items(), key=lambda item: (item[1]["share"], item[1]["known"] or "")))
            write_atomically(RESULTS, readable_json(report))
            set_aside(folder)
    for name, runs in report.items():
        print(f"{measured_table(name, runs)}\n")
        measured_plot(ROOT / "docs" / "assets" / f"measured-{name}.png", measured_panels(runs), MACHINES[name].title)
