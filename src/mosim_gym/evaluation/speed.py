"""The speed of a simulator: control steps a second."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.robots import load_robot

REPEATS = 9


def rollout_speed(robot: str, predictor: Dynamics, *, batch: int = 1024, steps: int = 50) -> float:
    """Control steps a second of `rollout` from the resting state under random actions, as the median of nine runs."""
    description = load_robot(robot)
    rng = np.random.default_rng(0)
    qpos = torch.from_numpy(np.tile(description.qpos0, (batch, 1))).float()
    actions = torch.from_numpy(rng.uniform(*description.control_range, (batch, steps, description.nu))).float()
    run = lambda: predictor.rollout(qpos, torch.zeros(batch, description.nv), actions)  # noqa: E731
    return batch * steps / median_seconds(run)


def median_seconds(run: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median time of `run`, after one run that does not count."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
