"""Writes benchmarks/results/substeps.json: ways to move a robot by a control step that holds several physics steps, side by side.

`python benchmarks/substeps.py hopper walker --budget 10m` trains each of them for as long, beside nothing else. Interrupted, it goes on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.studies.comparison import ALTERNATIVES, comparison_table, run_entry

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "substeps.json"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("robots", nargs="+")
    parser.add_argument("--budget", default="10m", help="time of training of each")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "substeps")
    options = parser.parse_args()
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for robot in options.robots:
        place, budget = options.folder / f"{robot}-{options.budget}", seconds(options.budget)
        results = {n: run_entry(robot, n, entry, folder=place, budget=budget) for n, entry in ALTERNATIVES.items()}
        print(f"{robot}\n{comparison_table(results)}\n")
        report[robot] = {"budget": options.budget, "provenance": provenance(), "alternatives": results}
        write_atomically(RESULTS, json.dumps(report, indent=1) + "\n")
