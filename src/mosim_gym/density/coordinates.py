"""Minimal coordinates of a state and an action: exactly one number for each degree of freedom that matters.

Sines and cosines, gravity's direction and quaternions lie on a surface of zero volume, where no density exists. Here an unlimited hinge is
one angle in [-π, π). The attitude of a floating base is the rotation vector that tilts gravity, or that of its whole rotation where its
heading matters. Coordinates that the robot declares not to matter are left out. A floating base's velocities are in its own axes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.canonical import canonical_columns
from mosim_gym.mechanics.frames import base_rotations, floating_bases, into_body
from mosim_gym.mechanics.rotations import logarithm, to_matrix


class MinimalCoordinates:
    """Maps `qpos (B, nq)`, `qvel (B, nv)`, `action (B, nu)` to `(B, size)`, in metres, radians and seconds."""

    def __init__(self, robot: Robot, *, actions: bool = True) -> None:
        """Find the coordinates of `robot` that matter; without `actions`, those of its states alone."""
        self.robot, self.actions = robot, actions
        self._plain, self._angles, self._attitudes = canonical_columns(robot)
        self._floating = bool(floating_bases(robot))
        attitude = sum(3 if matters else 2 for _, matters in self._attitudes)
        self.size = len(self._plain) + len(self._angles) + attitude + robot.nv
        self.size += robot.nu if actions else 0

    def __call__(self, qpos: Tensor, qvel: Tensor, action: Tensor) -> Tensor:
        """The coordinates, positions first, then velocities, then the action if it counts."""
        angles = qpos[:, self._angles]
        parts = [qpos[:, self._plain], torch.remainder(angles + math.pi, 2 * math.pi) - math.pi]
        for place, heading_matters in self._attitudes:
            quaternion = qpos[:, place]
            parts.append(logarithm(quaternion) if heading_matters else tilt(to_matrix(quaternion)[:, 2]))
        if self._floating:
            qvel = into_body(self.robot, base_rotations(self.robot, qpos), qvel)
        parts += [qvel, action] if self.actions else [qvel]
        return torch.cat(parts, dim=-1)


def tilt(up: Tensor) -> Tensor:
    """The first two parts `(B, 2)` of the rotation vector that turns the body's third axis to `up (B, 3)`, in the body's frame."""
    across = up[:, :2]
    length = across.norm(dim=-1, keepdim=True)
    angle = torch.atan2(length, up[:, 2:])
    return across * torch.where(length > 1e-6, angle / length.clamp(min=1e-6), 1.0)
