"""The floating base's own axes, in which motion does not depend on the robot's heading.

A free joint's linear velocity is in the world's axes, its angular velocity in the body's. `into_body` turns the linear velocity into the
body's axes, too: `v → Rᵀ v` with R the base's rotation. `into_world` turns it back.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.rotations import to_matrix


@lru_cache(maxsize=64)
def floating_bases(robot: Robot) -> tuple[tuple[slice, slice], ...]:
    """For each free joint, the slice of its quaternion in `qpos` and that of its linear velocity in `qvel`."""
    joints = robot.joints
    free = [row for row in range(len(joints)) if joints.type[row] == JointType.FREE]
    places = [(int(joints.qpos_start[row]), int(joints.dof_start[row])) for row in free]
    return tuple((slice(q + 3, q + 7), slice(v, v + 3)) for q, v in places)


def base_rotations(robot: Robot, qpos: Tensor) -> list[Tensor]:
    """The rotation `(..., 3, 3)` of each floating base: columns are its axes in the world."""
    return [to_matrix(qpos[..., quat]) for quat, _ in floating_bases(robot)]


def into_body(robot: Robot, rotations: list[Tensor], velocity: Tensor) -> Tensor:
    """`velocity (..., nv)`, or an acceleration, with the linear parts of floating bases in the bases' own axes."""
    return _turned(robot, [r.transpose(-1, -2) for r in rotations], velocity)


def into_world(robot: Robot, rotations: list[Tensor], velocity: Tensor) -> Tensor:
    """Inverse of `into_body`."""
    return _turned(robot, rotations, velocity)


def _turned(robot: Robot, rotations: list[Tensor], velocity: Tensor) -> Tensor:
    parts: list[Tensor] = []
    done = 0
    for rotation, (_, linear) in zip(rotations, floating_bases(robot), strict=True):
        parts += [velocity[..., done : linear.start], (rotation @ velocity[..., linear].unsqueeze(-1)).squeeze(-1)]
        done = linear.stop
    return torch.cat((*parts, velocity[..., done:]), dim=-1) if parts else velocity
