"""Contacts and limits as features for learning: clearance and velocity of contact points, distance of joints to their limits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.quantities import Quantity, position, velocity
from mosim_gym.mechanics.robot import Robot

POINTS, POINT_VELOCITIES = "contact_points", "contact_point_velocities"


def contact_quantities(robot: Robot) -> dict[str, Quantity]:
    """The quantities that `contact_clearance` needs of forward kinematics; empty for robots that touch nothing."""
    names = robot.contacts.names
    return {POINTS: position("contact", names), POINT_VELOCITIES: velocity("contact", names)} if names else {}


@lru_cache(maxsize=32)
@torch.inference_mode(False)  # kept for calls that do want gradients, too
def _planes(robot: Robot, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    contacts = robot.contacts
    level = contacts.offset + contacts.radius
    return (
        torch.tensor(contacts.normal, device=device, dtype=dtype),
        torch.tensor(level, device=device, dtype=dtype),
    )


def contact_clearance(robot: Robot, values: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Signed clearance `(..., P)` in m, negative in penetration, and its rate `(..., P)` in m/s, of each of `robot.contacts`.

    For point x with radius r over the plane n·x = d the clearance is `n·x - d - r`. `values` come from `contact_quantities`.
    """
    points = values[POINTS]
    normal, level = _planes(robot, points.device, points.dtype)
    return (points * normal).sum(-1) - level, (values[POINT_VELOCITIES] * normal).sum(-1)


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def _limits(robot: Robot, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    joints = robot.joints
    single = np.isin(joints.type, (JointType.SLIDE, JointType.HINGE))
    rows = np.flatnonzero(single & joints.limited & robot.limit_enabled)
    low, high = joints.range[rows].T
    where = torch.tensor(joints.qpos_start[rows], device=device, dtype=torch.long)
    return (
        where,
        torch.tensor(low, device=device, dtype=dtype),
        torch.tensor(high, device=device, dtype=dtype),
    )


def limit_distance(robot: Robot, qpos: Tensor) -> Tensor:
    """Distance to the lower and the upper limit of each limited hinge or slide, `(..., 2 n)`, rad or m; negative beyond it."""
    where, low, high = _limits(robot, qpos.device, qpos.dtype)
    value = qpos[..., where]
    return torch.cat((value - low, high - value), dim=-1)
