"""Writes benchmarks/results/swing_up.json: a policy for a real acrobot, from its logs alone, played in a stand-in, and a plot.

`python benchmarks/swing_up.py --logs PATH.npz` learns a model from the logs of the double pendulum (docs/results/measured.md has their
source), or opens `--model`, and trains a policy in it. Interrupted, it goes on from runs/swing-up.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import mosim_gym
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import readable_json, write_atomically
from mosim_gym.pictures.swing_up_plot import swing_up_plot
from mosim_gym.rl.strategies.zero_shot import config_for, zero_shot
from mosim_gym.studies.measured_motion import MACHINES, machine_logs
from mosim_gym.studies.swing_up import CONTROL_STEP, STARTS, UP, heights, judged, stand_in, training_env

ROOT = Path(__file__).resolve().parents[1]
ROBOTS, RESULTS = ROOT / "benchmarks" / "robots", ROOT / "benchmarks" / "results" / "swing_up.json"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a checkpoint that was learned from the logs")
    parser.add_argument("--model-budget", default="5m")
    parser.add_argument("--starts", choices=STARTS, default="anywhere", help="where training episodes may start")
    parser.add_argument("--algo", default="sac")
    parser.add_argument("--budget", default="15m", help="time of training of the policy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "swing-up")
    options = parser.parse_args()
    logs = machine_logs(MACHINES["pendulum"], ROBOTS, options.logs)
    model = (
        mosim_gym.load(options.model)
        if options.model
        else mosim_gym.train(logs.robot, logs, budget=options.model_budget, folder=options.folder / "model")
    )
    env = training_env(model, logs, options.starts)
    config = config_for(env, options.algo, seed=options.seed)
    trained = zero_shot(
        env,
        config,
        budget=seconds(options.budget),
        folder=options.folder / f"{options.starts}-{options.algo}-{options.seed}",
        report=lambda state: print(json.dumps(state), flush=True),
    )
    path = heights(trained.policy, stand_in(ROBOTS / "acrobot_stand_in.xml"), episodes=options.episodes)
    card: dict[str, Any] = trained.policy.card
    result = {
        "model": {
            **{name: model.card[name] for name in ("training_seconds", "training_steps")},
            "members": model.members,
            "motion_seconds": model.card["recipe"]["logs"]["seconds"],
        },
        "policy": {name: card[name] for name in ("algorithm", "training_seconds", "steps_in_model", "return_in_model")},
        "stand_in": judged(path),
        "provenance": provenance(seeds=[options.seed]),
    }
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    report[options.starts] = result
    print(readable_json(result))
    write_atomically(RESULTS, readable_json(report))
    if options.starts == "anywhere":
        trained.policy.save(ROOT / "benchmarks" / "policies" / "swing_up" / "acrobot.safetensors", half=True)
        plot = swing_up_plot(ROOT / "docs" / "assets" / "swing-up.png", path, control_step=CONTROL_STEP, up=UP)
        print("wrote", plot)
