"""Writes benchmarks/results/baselines.json: the default model, a plain residual network and the MoSim paper's scheme; then ablations.

Every run has the same data and seed, the systems `--budget` each, the ablations `--ablation-budget` each, one after another; then the
best of the paper's learning rates goes on for `--paper-budget`, so that its loss can be seen to level off. Interrupted, it goes on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.training.comparison import ABLATIONS, SYSTEMS, comparison_table, run_entry
from mosim_gym.training.run import seconds

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", default="cheetah")
    parser.add_argument("--budget", default="6m")
    parser.add_argument("--ablation-budget", default="3m")
    parser.add_argument("--paper-budget", default="20m")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "baselines")
    options = parser.parse_args()
    path = ROOT / "benchmarks" / "results" / "baselines.json"

    def run(group: str, entries: dict, budget: str) -> dict:
        return {
            name: run_entry(options.robot, name, entry, budget=seconds(budget), folder=options.folder / group)
            for name, entry in entries.items()
        }

    systems = run("systems", SYSTEMS, options.budget)
    rates = [name for name, r in systems.items() if name.startswith("paper") and "errors" in r]
    best = min(rates, key=lambda name: systems[name]["errors"]["uniform"]["one_step"])
    longer = f"{best}, longer"
    entry = replace(SYSTEMS[best], shows=f"the same for {options.paper_budget}")
    systems |= run("longer", {longer: entry}, options.paper_budget)
    report = {
        "robot": options.robot,
        "budget": options.budget,
        "ablation_budget": options.ablation_budget,
        "systems": systems,
        "ablations": run("ablations", ABLATIONS, options.ablation_budget),
    }
    print(comparison_table(report["systems"]), comparison_table(report["ablations"]), sep="\n\n")
    write_atomically(path, json.dumps(report, indent=1) + "\n")
