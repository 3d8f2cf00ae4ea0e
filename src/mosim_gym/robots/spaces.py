"""The shapes of a task's observations, and the flat observation, in dm_control's own key order."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from mosim_gym.robots.catalogue import find_task, load_task, sensor_columns


@cache
def observation_shapes(task: str) -> dict[str, tuple[int, ...]]:
    """Shape of each named part of one environment's observation, in dm_control's order; `()` for scalars."""
    bound = load_task(task)
    robot = bound.robot
    qpos = torch.tensor(robot.qpos0)[None]
    qvel = torch.zeros(1, robot.nv, dtype=qpos.dtype)
    goal = torch.zeros(1, bound.goal_size, dtype=qpos.dtype)
    sensors = torch.zeros(1, sensor_count(task), dtype=qpos.dtype)
    parts = bound.observation(bound.features(qpos, qvel), goal, sensors)
    return {name: tuple(part.shape[1:]) for name, part in parts.items()}


def sensor_count(task: str) -> int:
    """The number of sensor readings that do not follow from the robot's state."""
    return len(sensor_columns(find_task(task)[0].name))


def flatten(parts: dict[str, Tensor]) -> Tensor:
    """The named parts side by side in their own order, `(B, k)`. A scalar is one column."""
    return torch.cat([part if part.ndim > 1 else part[:, None] for part in parts.values()], dim=-1)
