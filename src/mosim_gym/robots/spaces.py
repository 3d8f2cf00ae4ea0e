"""The shapes of a task's observations, and the flat observation, in dm_control's own key order."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from mosim_gym.robots.catalogue import as_task, load_task
from mosim_gym.robots.task import Task


def observation_shapes(task: str | Task) -> dict[str, tuple[int, ...]]:
    """Shape of each named part of one environment's observation, in dm_control's order; `()` for scalars."""
    return _shapes(task) if isinstance(task, Task) else _shapes_of_id(task)


@cache
def _shapes_of_id(task: str) -> dict[str, tuple[int, ...]]:
    return _shapes(load_task(task))


def _shapes(task: Task) -> dict[str, tuple[int, ...]]:
    robot = task.robot
    qpos = torch.tensor(robot.qpos0)[None]
    qvel = torch.zeros(1, robot.nv, dtype=qpos.dtype)
    goal = torch.zeros(1, task.goal_size, dtype=qpos.dtype)
    sensors = torch.zeros(1, task.sensor_count, dtype=qpos.dtype)
    parts = task.observation(task.features(qpos, qvel), goal, sensors)
    return {name: tuple(part.shape[1:]) for name, part in parts.items()}


def observation_names(task: Task) -> tuple[str, ...]:
    """A name for each number of the flat observation, in its order."""
    if task.column_names:
        return task.column_names
    names: list[str] = []
    for part, shape in observation_shapes(task).items():
        names += [part] if not shape else [f"{part}[{i}]" for i in range(shape[0])]
    return tuple(names)


def sensor_count(task: str | Task) -> int:
    """The number of sensor readings that do not follow from the robot's state."""
    return as_task(task).sensor_count


def flatten(parts: dict[str, Tensor]) -> Tensor:
    """The named parts side by side in their own order, `(B, k)`. A scalar is one column."""
    return torch.cat([part if part.ndim > 1 else part[:, None] for part in parts.values()], dim=-1)
