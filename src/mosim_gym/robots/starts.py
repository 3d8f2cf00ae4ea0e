"""Samplers for the starts of episodes, shared by tasks. All draw float64 numbers from the generator that they are given."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.parts import JointType


def uniform(generator: Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Independent uniform numbers in `[low, high)`."""
    return low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)


def normal(generator: Generator, shape: tuple[int, ...], scale: float) -> Tensor:
    """Independent normal numbers of standard deviation `scale`."""
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64)


def default_positions(robot: Robot, n: int) -> Tensor:
    """`qpos0`, repeated n times, `(n, nq)`."""
    return torch.tensor(robot.qpos0).repeat(n, 1)


def random_joints(robot: Robot, generator: Generator, n: int) -> Tensor:
    """Positions `(n, nq)`: limited hinges and slides uniform in their limits, other hinges uniform in [-π, π), slides at `qpos0`."""
    qpos = default_positions(robot, n)
    joints = robot.joints
    for row in range(len(joints)):
        kind, column = JointType(joints.type[row]), int(joints.qpos_start[row])
        if kind not in (JointType.HINGE, JointType.SLIDE):
            raise ValueError(f"random_joints does not sample the {kind.name.lower()} joint {joints.names[row]!r}.")
        if joints.limited[row]:
            low, high = joints.range[row]
            qpos[:, column] = uniform(generator, (n,), float(low), float(high))
        elif kind == JointType.HINGE:
            qpos[:, column] = uniform(generator, (n,), -math.pi, math.pi)
    return qpos
