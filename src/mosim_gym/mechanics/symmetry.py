"""The symmetry of a single free body, such as a tossed cube: turns of its own frame after which shape and mass are as they were.

Where a turn r is one, the motion of the orientation q ⊗ r with the angular velocity r⁻¹ ω r is that of q with ω, seen by somebody who has
named the body's faces otherwise. So each measured motion stands for as many as there are turns.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics.linear_form import quaternion
from mosim_gym.mechanics.parts import GeomType, JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.rotations import conjugate, multiply, rotate, to_matrix
from mosim_gym.mechanics.typed_torch import from_numpy

Array = np.ndarray
SAME = 1e-6
"""The share by which lengths and moments of inertia may differ."""


class BodyTurns:
    """The turns `quats (S, 4)` of a robot's only body, the identity first."""

    def __init__(self, robot: Robot, quats: Array) -> None:
        """The robot must have a single free joint."""
        joint = robot.joints.names[0]
        place, speed = robot.qpos_indices(joint), robot.qvel_indices(joint)
        self._quat, self._spin = slice(place.start + 3, place.stop), slice(speed.start + 3, speed.stop)
        self.quats = from_numpy(quats)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.quats)

    def positions(self, qpos: Tensor, turn: Tensor) -> Tensor:
        """`qpos (…, nq)` after the turns number `turn (…,)`."""
        quat = multiply(qpos[..., self._quat], self.quats.to(qpos)[turn])
        return torch.cat((qpos[..., : self._quat.start], quat, qpos[..., self._quat.stop :]), dim=-1)

    def velocities(self, qvel: Tensor, turn: Tensor) -> Tensor:
        """`qvel (…, nv)`, or accelerations, after the turns number `turn (…,)`."""
        spin = rotate(conjugate(self.quats.to(qvel)[turn]), qvel[..., self._spin])
        return torch.cat((qvel[..., : self._spin.start], spin, qvel[..., self._spin.stop :]), dim=-1)


def body_turns(robot: Robot) -> BodyTurns | None:
    """Those of a robot that is one free body of one shape, among the 24 turns by right angles; None if the identity is the only one."""
    if len(robot.joints) != 1 or robot.joints.type[0] != JointType.FREE or robot.nu:
        return None
    body = int(robot.joints.body[0])
    shapes = np.flatnonzero(robot.geoms.body == body)
    if len(shapes) != 1 or np.abs(robot.joints.pos[0]).max() > 0:
        return None
    shape, bodies = int(shapes[0]), robot.bodies
    extent = float(np.abs(robot.geoms.size[shape]).max())
    if max(np.abs(robot.geoms.pos[shape]).max(), np.abs(bodies.ipos[body]).max()) > SAME * extent:
        return None
    lengths, axes = _lengths(int(robot.geoms.type[shape]), robot.geoms.size[shape]), _matrix(robot.geoms.quat[shape])
    if lengths is None or not (np.abs(axes) > 1 - SAME).any(0).all():  # a cube askew has the tensor of one that is not
        return None
    tensors = axes @ np.diag(lengths) @ axes.T, _inertia(bodies.iquat[body], bodies.inertia[body])
    found = [quat for quat in _right_angles() if all(_is_kept(tensor, _matrix(quat)) for tensor in tensors)]
    return BodyTurns(robot, np.array(found)) if len(found) > 1 else None


def _lengths(kind: int, size: Array) -> Array | None:
    """Half lengths `(3,)` of a shape along its axes, which tell its turns; None for shapes whose turns they do not tell."""
    radius = float(size[0])
    if kind == GeomType.SPHERE:
        return np.full(3, radius)
    if kind in (GeomType.BOX, GeomType.ELLIPSOID):
        return np.asarray(size, float)
    if kind in (GeomType.CYLINDER, GeomType.CAPSULE):
        return np.array([radius, radius, -1.0 - float(size[1])])  # the axis is unlike the others, whatever its length
    return None


def _inertia(quat: Array, principal: Array) -> Array:
    """The inertia tensor with the moments `principal (3,)` about the axes of `quat`."""
    axes = _matrix(quat)
    return axes @ np.diag(principal) @ axes.T


def _is_kept(tensor: Array, turn: Array) -> bool:
    return bool(np.abs(turn @ tensor @ turn.T - tensor).max() <= SAME * np.abs(tensor).max())


def _matrix(quat: Array) -> Array:
    return to_matrix(from_numpy(np.asarray(quat, np.float64))).numpy()


def _right_angles() -> list[Array]:
    """The quaternions of the 24 turns by right angles, the identity first: all signed permutations of axes with determinant one."""
    found: list[Array] = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.eye(3)[list(order)] * np.array(signs)
        if np.linalg.det(matrix) > 0:
            found.append(quaternion(matrix))
    return sorted(found, key=lambda quat: -quat[0])
