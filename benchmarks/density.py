"""Writes benchmarks/results/density.json: log-densities a second of every packaged density."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.zoo.densities import find_density, packaged_densities

RESULTS = Path(__file__).resolve().parent / "results" / "density.json"
BATCHES, ROUNDS, SECONDS = (64, 1024, 8192), 5, 1.0


def evaluations_per_second(name: str, rows: int) -> int:
    """Median over rounds."""
    density = find_density(name)
    robot = density.robot
    generator = torch.Generator().manual_seed(0)
    qpos, qvel, action = (0.3 * torch.randn(rows, n, generator=generator) for n in (robot.nq, robot.nv, robot.nu))
    found = []
    for _ in range(ROUNDS):
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS:
            density(qpos, qvel, action)
            done += rows
        found.append(done / (time.perf_counter() - begun))
    return round(float(np.median(found)))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    report = {
        "provenance": provenance(),
        "rounds": ROUNDS,
        "densities": {
            name: {
                "size": find_density(name).flow.size,
                "evaluations_per_second": {str(rows): evaluations_per_second(name, rows) for rows in BATCHES},
            }
            for name in packaged_densities()
        },
    }
    write_atomically(RESULTS, json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["densities"], indent=1))
