"""Writes benchmarks/results/baselines.json: the default model, a plain residual network and the MoSim paper's scheme; then ablations.

Every run has the same data and seed, one after another: the systems `--budget` of time each, the ablations (with `--ablation-steps`) as
many steps each, so that they can be compared whatever else the machine does. The best of the paper's learning rates then starts anew
with `--paper-budget`. A budget becomes a number of steps once the first of them are timed; a
solver that needs more evaluations later takes longer. Interrupted, all of it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.studies.comparison import ABLATIONS, SYSTEMS, comparison_table, run_entry

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", default="cheetah")
    parser.add_argument("--budget", default="6m")
    parser.add_argument("--ablation-steps", type=int, default=0, help="0 leaves them as they are")
    parser.add_argument("--paper-budget", default="20m")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "baselines")
    options = parser.parse_args()
    path = ROOT / "benchmarks" / "results" / "baselines.json"

    def run(group: str, entries: dict, **length: float) -> dict:
        folder = options.folder / group
        return {name: run_entry(options.robot, name, entry, folder=folder, **length) for name, entry in entries.items()}

    systems = run("systems", SYSTEMS, budget=seconds(options.budget))
    rates = [name for name, r in systems.items() if name.startswith("paper") and "errors" in r]
    best = min(rates, key=lambda name: systems[name]["errors"]["uniform"]["one_step"])
    longer = f"{best}, longer"
    entry = replace(SYSTEMS[best], shows=f"the same, asked for {options.paper_budget}")
    systems |= run("longer", {longer: entry}, budget=seconds(options.paper_budget))
    report = json.loads(path.read_text()) if path.exists() else {}
    report |= {"robot": options.robot, "budget": options.budget, "systems": systems}
    if options.ablation_steps:
        report["ablation_steps"] = options.ablation_steps
        report["ablations"] = {
            name: {key: value for key, value in result.items() if key not in ("seconds", "samples_per_second")}
            for name, result in run("ablations", ABLATIONS, steps=options.ablation_steps).items()
        }  # how long they took says nothing: the machine may do other work
        print(comparison_table(report["ablations"], pace=False), end="\n\n")
    print(comparison_table(report["systems"]))
    write_atomically(path, json.dumps(report, indent=1) + "\n")
