"""Motion as a machine would log it: a pendulum whose torque comes a control step late."""

from __future__ import annotations

import numpy as np

from mosim_gym.data.logs import Logs
from mosim_gym.robots import load_robot
from mosim_gym.training.config import Stage
from mosim_gym.training.logs_config import LogsConfig

QUICK = LogsConfig(
    stages=(Stage("joint", 0.5), Stage("multistep", 0.5, horizon=4)), rows=128, windows=32, ema=0.9, validated_every=20
)


def pendulum_logs(segments=8, steps=200, lag=1, seed=0):
    """Segments of a pendulum under random commands, `lag` control steps after which they act."""
    robot, rng = load_robot("pendulum"), np.random.default_rng(seed)
    h, fine = robot.control_step, 10
    actions = rng.uniform(-1, 1, (segments, steps + 1, 1))
    qpos, qvel = np.zeros((segments, steps + 1, 1)), np.zeros((segments, steps + 1, 1))
    qpos[:, 0], qvel[:, 0] = rng.uniform(-1, 1, (2, segments, 1))
    for t in range(steps):
        q, v = qpos[:, t], qvel[:, t]
        for _ in range(fine):
            v = v + h / fine * (-9.81 * np.sin(q) - 0.2 * v + 20 * actions[:, max(0, t - lag)])
            q = q + h / fine * v
        qpos[:, t + 1], qvel[:, t + 1] = q, v
    flat = (part.reshape(-1, 1) for part in (qpos, qvel, actions))
    return Logs(robot, *flat, starts=np.arange(segments + 1) * (steps + 1))
