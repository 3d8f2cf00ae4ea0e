"""Writes benchmarks/results/collection.json: how long collecting training data takes beside a bare `mujoco.rollout` of the same."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from mujoco.rollout import Rollout

from mosim_gym.data.collection import Collector
from mosim_gym.evaluation.speed import median_seconds
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.mechanics.threads import usable_cores
from mosim_gym.training.run import trainable_robots

ROOT = Path(__file__).resolve().parents[1]
SEGMENTS = 2000


def measure(robot: str) -> dict[str, float]:
    import mujoco

    collector = Collector(robot)
    data = collector.collect(np.random.default_rng(0), SEGMENTS)
    model, cores = collector.dynamics.model, usable_cores()
    state = np.zeros((len(data.qpos), 1 + model.nq + model.nv + model.na))
    state[:, 1 : 1 + model.nq] = data.qpos[:, 0]
    state[:, 1 + model.nq : 1 + model.nq + model.nv] = data.qvel[:, 0]
    pool, workers = Rollout(nthread=cores), [mujoco.MjData(model) for _ in range(cores)]
    bare = median_seconds(lambda: pool.rollout(model, workers, state, data.actions))
    whole = median_seconds(lambda: collector.collect(np.random.default_rng(0), SEGMENTS))
    return {
        "transitions": data.transitions,
        "transitions_per_second": round(data.transitions / whole),
        "seconds": round(whole, 4),
        "bare_rollout_seconds": round(bare, 4),
        "ratio": round(whole / bare, 3),
    }


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    report = {"provenance": provenance(), "robots": {robot: measure(robot) for robot in trainable_robots()}}
    for robot, result in report["robots"].items():
        print(robot, result)
    write_atomically(ROOT / "benchmarks" / "results" / "collection.json", json.dumps(report, indent=1) + "\n")
