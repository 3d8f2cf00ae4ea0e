"""Writes benchmarks/results/training_stages.json: what structure and stages are worth, and the picture of it in docs/assets.

`python benchmarks/training_stages.py --budget 4m` trains each of five systems with three seeds, one after another. Runs that have ended are
kept in `--folder`; one that was interrupted begins anew.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.studies.training_stages import run_system, stages_plot, stages_table, systems

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", default="hopper@0.005")
    parser.add_argument("--budget", default="4m", help="time of training of each run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "training-stages")
    options = parser.parse_args()
    runs = {name: [] for name in systems(options.robot)}
    for seed in range(options.seeds):
        for name in runs:
            run = run_system(options.robot, name, seed=seed, budget=seconds(options.budget), folder=options.folder)
            runs[name].append(run)
            raw = run["errors"]["uniform"]["raw"]
            print(f"{name}, seed {seed}: {run['steps']} steps, MSE over 16 steps {raw['16']:.3g}", flush=True)
    report = {
        "robot": options.robot,
        "budget": options.budget,
        "systems": {
            name: {"question": system.question, "about": system.about, "runs": runs[name]}
            for name, system in systems(options.robot).items()
        },
        "provenance": provenance(seeds=list(range(options.seeds))),
    }
    print(stages_table(report))
    print("wrote", stages_plot(report, ROOT / "docs" / "assets" / "training-stages.png"))
    print(
        "wrote",
        write_atomically(ROOT / "benchmarks" / "results" / "training_stages.json", json.dumps(report, indent=1) + "\n"),
    )
