"""Writes benchmarks/results/zero_shot.json and docs/assets/zero-shot-<Task>.png from the policies in benchmarks/policies/zero_shot.

`python benchmarks/zero_shot.py` plays each of them for 50 episodes in dm_control, 5 through plain Shimmy, and in every member of its
model. `--train CheetahRun --seed 0 --budget 30m` first trains one, inside the packaged model alone, and puts it among them.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

from mosim_gym.evaluation.learning_plots import learning_plot
from mosim_gym.evaluation.machine import machine
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.rl.benchmark import measure_policy, zero_shot_table
from mosim_gym.rl.policies import load_policy
from mosim_gym.rl.settings import config_for
from mosim_gym.rl.zero_shot import zero_shot
from mosim_gym.training.run import seconds

ROOT = Path(__file__).resolve().parents[1]
POLICIES = ROOT / "benchmarks" / "policies" / "zero_shot"
RESULTS = ROOT / "benchmarks" / "results" / "zero_shot.json"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "policies", nargs="*", help="names of policies to measure again; by default those not measured yet"
    )
    parser.add_argument("--train", metavar="TASK")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", default="30m")
    parser.add_argument(
        "--label", default="", help="told apart from other policies of the task by this, as in CheetahRun-90m"
    )
    parser.add_argument("--episodes", type=int, default=50)
    options = parser.parse_args()
    if options.train:
        stem = "-".join(filter(None, (options.train, options.label, f"seed{options.seed}")))
        trained = zero_shot(
            options.train,
            config_for(options.train, seed=options.seed),
            budget=seconds(options.budget),
            folder=ROOT / "runs" / "zero-shot" / stem,
            report=lambda s: print(json.dumps(s), flush=True),
        )
        trained.policy.save(POLICIES / f"{stem}.safetensors", half=True)
        options.policies.append(stem)
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"policies": {}}
    known, paths = report["policies"], {path.stem: path for path in sorted(POLICIES.glob("*.safetensors"))}
    real = {}
    for name in options.policies or [name for name in paths if name not in known]:
        known[name], real[name] = measure_policy(paths[name], episodes=options.episodes, shimmy=5)
    report["policies"] = {name: known[name] for name in paths if name in known}
    report |= {"machine": machine(), "episodes": options.episodes}
    print(zero_shot_table(report["policies"]))
    write_atomically(RESULTS, json.dumps(report, indent=1) + "\n")
    groups = defaultdict(list)
    for name in report["policies"]:
        groups[name.rsplit("-", 1)[0]].append(name)
    for stem, names in groups.items():
        curves = [load_policy(paths[name]).card["curve"] for name in names]
        ends = [real[name] for name in names if name in real]
        if len(ends) == len(names):
            learning_plot(ROOT / "docs" / "assets" / f"zero-shot-{stem}.png", curves, ends, title=stem)
