"""Search an open-loop gait for the cheetah and measure it in dm_control: `python benchmarks/scripted_gait.py`.

Takes about two and a half minutes on 2 cores and writes results/scripted_gait.json.
`mosim_gym.policies.scripted.cheetah_gait` holds the numbers found.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path

from mosim_gym.envs.real import make_real
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.policies.playing import evaluate
from mosim_gym.policies.scripted import RandomPolicy, SinusoidPolicy
from mosim_gym.robots import load_task
from mosim_gym.studies.gait_search import SearchConfig, search_gait

TASK = "CheetahRun"
RESULT = Path(__file__).parent / "results" / "scripted_gait.json"
EVALUATION_SEED, EPISODES = 1000, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()

    task, config = load_task(TASK), SearchConfig(seed=options.seed)
    began = time.perf_counter()
    gait = search_gait(task, config)
    seconds = time.perf_counter() - began

    env = make_real(TASK)
    policies = {
        "gait": SinusoidPolicy(gait.amplitude, gait.phase, gait.frequency, gait.offset, task.robot.control_step),
        "random": RandomPolicy(*task.robot.control_range, seed=0),
    }
    results = {name: evaluate(env, p, episodes=EPISODES, seed=EVALUATION_SEED) for name, p in policies.items()}
    content = {
        "task": TASK,
        "gait": dataclasses.asdict(gait),
        "search": dataclasses.asdict(config),
        "search_steps": config.restarts * config.generations * config.population * config.starts * config.steps,
        "search_seconds": round(seconds),
        "real_return": {name: result.summary() for name, result in results.items()},
        "provenance": provenance(seeds=[options.seed]),
    }
    write_atomically(options.out, json.dumps(content, indent=2) + "\n")
    for name, result in results.items():
        print(f"{name}: {result}")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
