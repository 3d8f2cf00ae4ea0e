"""`check_starts`: whether episodes can begin where they are said to begin."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from mosim_gym.envs.bounds import Bounds
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.robots import Task

SOFT = 0.02
"""The share of its range by which a joint may be beyond a limit, because limits give way a little."""


def check_starts(task: Task, dynamics: Dynamics, qpos: Tensor, qvel: Tensor, goal: Tensor) -> None:
    """Raise `ValueError` if `task` ends in every one of the starts `qpos (B, nq)`, `qvel (B, nv)`.

    Warn of starts beyond the limits of joints, and of those outside the model's training box.
    """
    over = task.terminated(task.features(qpos, qvel), goal)
    if over is not None and bool(over.all()):
        raise ValueError(
            "terminated is true in every state in which episodes begin, so that none would last; it must be false in some of them."
        )
    said: list[str] = []
    beyond = _beyond(task.robot, qpos)
    rows = torch.stack([torch.zeros_like(qpos[:, 0], dtype=torch.bool), *beyond.values()]).any(0)
    if bool(rows.any()):
        names = [name for name, there in beyond.items() if bool(there.any())]
        said.append(f"{int(rows.sum())} of {len(qpos)} starts are beyond the limits of {', '.join(names)}.")
    inside = Bounds(dynamics.card, qpos.dtype, qpos.device).inside(qpos, qvel)
    if inside is not None and not bool(inside.all()):
        said.append(
            f"{int((~inside).sum())} of {len(qpos)} starts are outside the model's training box, where it knows nothing and an episode is "
            "cut in its first step."
        )
    if said:
        warnings.warn(" ".join(said), UserWarning, stacklevel=4)  # at the call of make_env


def _beyond(robot: Robot, qpos: Tensor) -> dict[str, Tensor]:
    """Where each limited hinge or slide is beyond a limit `(B,)`, by name."""
    joints, found = robot.joints, dict[str, Tensor]()
    for row, name in enumerate(joints.names):
        if joints.limited[row] and joints.type[row] in (JointType.HINGE, JointType.SLIDE):
            low, high = (float(end) for end in joints.range[row])
            here, soft = qpos[:, int(joints.qpos_start[row])], SOFT * (high - low)
            found[name] = (here < low - soft) | (here > high + soft)
    return found
