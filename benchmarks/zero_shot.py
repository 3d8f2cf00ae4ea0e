"""Writes benchmarks/results/zero_shot.json and docs/assets/zero-shot-<Task>.png from the policies in benchmarks/policies/zero_shot.

`python benchmarks/zero_shot.py` plays each of them for 50 episodes in dm_control, 5 through plain Shimmy, and in every member of its
model. `--train CheetahRun --seed 0 --budget 30m` first trains one, inside the packaged model (or `--checkpoint`) alone, with the task's
settings but for those of `--set`, and puts it among them; with `--algo shac` by gradients. Of the first seed of each it films
docs/assets/policy-<Task>.mp4. `--draw` draws all plots again, and measures and films nothing; `--film` films all again.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.envs.reality import reality_name
from mosim_gym.evaluation.published import published_levels
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import readable_json, write_atomically
from mosim_gym.pictures.learning_plots import learning_plot
from mosim_gym.rl.plain_names import policy_title
from mosim_gym.rl.strategies.zero_shot import typed_config, zero_shot
from mosim_gym.studies.benchmark import measure_policy, zero_shot_table
from mosim_gym.studies.policy_films import film_policy

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
        "--label", default="", help="told apart from other policies of the task by this, as in WalkerRun-35m"
    )
    parser.add_argument("--algo", help="sac, tqc, shac, or another package's learner; by default the task's")
    parser.add_argument("--checkpoint", help="the model; by default the robot's packaged one")
    parser.add_argument("--set", nargs="*", default=[], help="settings other than the task's, such as updates=16")
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--draw", action="store_true", help="draw all plots again from what has been measured")
    parser.add_argument("--film", action="store_true", help="film all policies again, and measure nothing")
    options = parser.parse_args()
    if options.train:
        stem = "-".join(filter(None, (options.train, options.label, f"seed{options.seed}")))
        trained = zero_shot(
            options.train,
            typed_config(options.train, options.algo, seed=options.seed, settings=options.set),
            checkpoint=options.checkpoint,
            budget=seconds(options.budget),
            folder=ROOT / "runs" / "zero-shot" / stem,
            report=lambda s: print(json.dumps(s), flush=True),
        )
        trained.policy.save(POLICIES / f"{stem}.safetensors", half=True)
        options.policies.append(stem)
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"policies": {}}
    known, paths = report["policies"], {path.stem: path for path in sorted(POLICIES.glob("*.safetensors"))}
    played = options.policies or [name for name in paths if name not in known and not (options.draw or options.film)]
    for name in played:
        known[name] = measure_policy(paths[name], episodes=options.episodes, shimmy=5)
    report["policies"] = {name: known[name] for name in paths if name in known}
    print(zero_shot_table(report["policies"]))
    if not (options.draw or options.film):
        report |= {"provenance": provenance(), "episodes": options.episodes}
        write_atomically(RESULTS, readable_json(report))
    groups = defaultdict(list)
    for name in report["policies"]:
        groups[name.rsplit("-", 1)[0]].append(name)
    for stem, names in groups.items():
        if options.film or set(names) & set(played):
            film_policy(paths[names[0]], stem, ROOT / "docs" / "assets")
        if options.draw or set(names) & set(played):
            cards = [load_policy(paths[name]).card for name in names]
            learning_plot(
                ROOT / "docs" / "assets" / f"zero-shot-{stem}.png",
                [card["curve"] for card in cards],
                [known[name]["real"] for name in names],
                title=policy_title(cards[0]),
                levels=published_levels(cards[0]["task"]),
                reality=reality_name(cards[0]["task"]),
            )
