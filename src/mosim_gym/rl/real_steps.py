"""`real_steps`: what a few-shot or an on-policy run did on the real robot, as logs."""

from __future__ import annotations

from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mosim_gym.data.log_units import normalise_quaternions
from mosim_gym.data.logs import Logs
from mosim_gym.data.stream import Transitions
from mosim_gym.mechanics import Robot, difference, integrate
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.rl.run import ROBOT, STATE, read_run
from mosim_gym.robots import find_task, load_robot

Array = np.ndarray
NEAR = 1e-4
"""Within so much of the state that a step reached (rad, m, and the share of a velocity) the next one begins, unless there was a reset."""


def real_steps(folder: str | PathLike[str], robot: Robot | None = None) -> Logs:
    """All real steps of the few-shot or on-policy run in `folder`, which may still go on: to be checked, exported and trained on.

    A segment ends where an episode ended, and where a step was not on time. States have the digits of float32. The robot is that of the
    run, whose folder holds its description if no catalogue does; without it, `robot` must be given. Raises `FileFault` for other runs.
    """
    place = Path(folder)
    arrays, header = read_run(place / STATE)
    record = header["record"]
    names = [f"model/data/{name}" for name in Transitions._fields]
    if not all(name in arrays for name in names):
        raise FileFault(
            f"{place} holds a run of {record['strategy']}, which keeps no real steps; few-shot and on-policy runs keep theirs."
        )
    data = Transitions(*(from_numpy(arrays[name].astype(np.float64)) for name in names))
    robot = robot or _robot_of(place, record["task"])
    if robot.nu and data.action.shape[1] % robot.nu == 0:  # a model with memory has the commands before in front
        data = data._replace(action=data.action[:, data.action.shape[1] - robot.nu :])
    for name, size in (("qpos", robot.nq), ("qvel", robot.nv), ("action", robot.nu)):
        there = getattr(data, name).shape[1]
        if there != size:
            raise FileFault(
                f"{place} holds steps with {there} numbers in {name}; {robot.name} has {size}: name its robot."
            )
    envs: Any = record["config"].get("real_envs", 1)
    parts: list[tuple[Array, ...]] = []
    sources: list[str] = []
    for env in range(int(envs)):
        mine = Transitions(*(column[env :: int(envs)] for column in data))
        for first, last, states in _episodes(robot, mine):
            parts.append(states)
            number = f" of environment {env}" if envs > 1 else ""
            sources.append(f"{record['task']}, steps {first} to {last}{number}")
    qpos, qvel, actions = (np.concatenate(column) for column in zip(*parts, strict=True))
    normalise_quaternions(robot, qpos)
    return Logs(
        robot,
        qpos,
        qvel,
        actions,
        starts=np.cumsum([0, *(len(part[0]) for part in parts)]),
        sources=tuple(sources),
        notes=(f"Real steps of a run of {record['strategy']}, in the digits of float32.",),
    )


def _robot_of(folder: Path, task: str) -> Robot:
    """The robot of the run in `folder` on `task`, which is a task's id or a robot of the user's."""
    if (folder / ROBOT).exists():
        return Robot.load(folder / ROBOT)
    try:
        return load_robot(find_task(task)[0].name)
    except UnknownName as error:
        raise FileFault(f"{folder} holds a run on {task}, and not its description; name the robot.") from error


def _episodes(robot: Robot, data: Transitions) -> list[tuple[int, int, tuple[Array, ...]]]:
    """The first and the last step of each uninterrupted part of steps in order, with its positions, velocities and actions."""
    step = robot.control_step
    reached_v = data.qvel + step * data.acceleration
    reached_q = integrate(robot, data.qpos, (data.qvel + reached_v) / 2 + data.drift, step)
    jump = difference(robot, data.qpos[1:], reached_q[:-1], 1.0).abs().amax(-1) > NEAR
    jump |= ((data.qvel[1:] - reached_v[:-1]).abs() > NEAR * (1 + reached_v[:-1].abs())).any(-1)
    ends = [0, *(int(row) + 1 for row in jump.nonzero()[:, 0]), len(data.qpos)]
    found: list[tuple[int, int, tuple[Array, ...]]] = []
    for first, end in pairwise(ends):
        rows = slice(first, end)
        qpos = torch.cat((data.qpos[rows], reached_q[end - 1 : end]))
        qvel = torch.cat((data.qvel[rows], reached_v[end - 1 : end]))
        actions = torch.cat((data.action[rows], data.action[end - 1 : end]))
        found.append((first, end - 1, (qpos.numpy(), qvel.numpy(), actions.numpy())))
    return found
