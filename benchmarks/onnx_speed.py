"""Writes benchmarks/results/onnx.json: control steps a second of single environments, stepped by onnxruntime and by torch.

`taskset -c 0 python benchmarks/onnx_speed.py` measures on one core. Both backends of each model, and dm_control through Shimmy, get the
same random actions and take turns in rounds. Observation and reward are included. The median of the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import numpy as np

import mosim_gym  # noqa: F401  # registers the ids
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.robots import find_task

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "onnx.json"
MODELS = {
    "cheetah": "CheetahRun",
    "cheetah:small": "CheetahRun",
    "walker": "WalkerRun",
    "hopper": "HopperHop",
}
"""The task in which each checkpoint is measured."""
ACTIONS = 64


def shimmy(task: str) -> gym.Env:
    """The task in dm_control, through Shimmy."""
    import shimmy  # noqa: F401  # registers the ids

    definition = find_task(task)[1]
    return gym.make(f"dm_control/{definition.domain}-{definition.name.replace('_', '-')}-v0")


def peers(checkpoint: str) -> dict[str, gym.Env]:
    """What is measured beside one another, by name."""
    task = MODELS[checkpoint]
    ours = {name: gym.make(f"MoSim/{task}-v0", checkpoint=checkpoint, backend=name) for name in ("onnx", "torch")}
    return {**ours, "Shimmy": shimmy(task)}


def stepper(env: gym.Env) -> Callable[[float], float]:
    """A function from seconds of measuring to control steps a second."""
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(ACTIONS)]

    def step(k: int) -> None:
        _, _, terminated, truncated, _ = env.step(actions[k % ACTIONS])
        if terminated or truncated:
            env.reset()

    for k in range(5):  # steps are exported or recorded, and compared, at the beginning
        step(k)

    def measure(seconds: float) -> float:
        begun, k = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            step(k)
            k += 1
        return k / (time.perf_counter() - begun)

    return measure


def measured(checkpoint: str, seconds: float, rounds: int) -> dict[str, dict[str, object]]:
    """For each peer the median of its rounds and all of them, in control steps a second."""
    steppers = {name: stepper(env) for name, env in peers(checkpoint).items()}
    rates: dict[str, list[float]] = {name: [] for name in steppers}
    for _ in range(rounds):
        for name, measure in steppers.items():
            rates[name].append(measure(seconds))
    return {
        name: {"median": round(float(np.median(found))), "rounds": [round(rate) for rate in found]}
        for name, found in rates.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="*", help=f"of {', '.join(MODELS)}; by default all")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each peer in each round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    load = os.getloadavg()[0]  # of others, before anything is measured
    report = json.loads(options.out.read_text()) if options.out.exists() else {"models": {}}
    rows = []
    for checkpoint in options.checkpoints or MODELS:
        found = measured(checkpoint, options.seconds, options.rounds)
        report["models"][checkpoint] = {"task": MODELS[checkpoint], "steps_per_second": found}
        rows.append([checkpoint, *(f"{found[name]['median']:,}" for name in ("onnx", "torch", "Shimmy"))])
    report |= {"provenance": provenance(seeds=[0]), "rounds": options.rounds, "seconds": options.seconds}
    report["load_before"] = round(load, 2)
    print(table(["Model", "onnxruntime", "torch", "Shimmy"], rows))
    write_atomically(options.out, json.dumps(report, indent=1) + "\n")
