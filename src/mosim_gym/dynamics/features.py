"""What the model sees: canonical inputs of a state and a control, with the non-smooth features that contact and limits need.

The vector is laid out as `[position | velocity | action | non-smooth]`, so that M(q) reads its first part, b(q, q̇) the first two, τ(a) the
third, and the correctors all of it.

- *position*: coordinates that the robot declares not to matter are left out; unlimited hinges enter as sine and cosine, a floating base
  as the direction of gravity in its own axes (where its heading matters, as two of its rotation's rows).
- *velocity*: the velocities and their products, in which Coriolis and centrifugal forces are linear; a floating base's in its own axes,
  and so the contact points'.
- *non-smooth*: for each contact point its clearance, for each limited joint its distance to both limits, for each pair of moving shapes
  that may touch their gap, for each string its slack, all signed. MuJoCo's constraints
  act exactly where such a distance is negative, so each comes with that indicator, with how deep it is on two scales (the second is that of
  the millimetre over which MuJoCo's constraints stiffen), with the point's velocity, and with the velocity where the constraint acts.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.mechanics import ForwardKinematics, Quantity, Robot, contact_quantities, integrate
from mosim_gym.mechanics.canonical import CanonicalColumns, canonical_columns
from mosim_gym.mechanics.contact import POINT_VELOCITIES, POINTS
from mosim_gym.mechanics.frames import base_rotations, floating_bases, into_body
from mosim_gym.mechanics.motion import KinematicValues
from mosim_gym.mechanics.pairs import Nearby
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.rotations import to_matrix

DEEP, STIFF = 0.02, 0.001  # m or rad: the two scales of penetration
FAR = 0.5  # m or rad: beyond this a distance no longer matters


class InputFeatures(nn.Module):
    """Maps `qpos (..., nq)`, `qvel (..., nv)`, `action (..., nu)` and kinematic values to `(..., size)`."""

    _plain: Tensor
    _angles: Tensor
    _pair_first: Tensor
    _pair_second: Tensor
    _limit_q: Tensor
    _limit_v: Tensor
    _limit_low: Tensor
    _limit_high: Tensor
    _normals: Tensor
    _level: Tensor
    _instants: Tensor
    _moving: Tensor
    _owner: Tensor
    _varying: Tensor

    def __init__(self, robot: Robot, config: MoSimConfig) -> None:
        """Resolve all names and indices once."""
        super().__init__()
        joints = robot.joints
        raw = CanonicalColumns(list(range(robot.nq)), [], [])
        plain, angles, self._turned = canonical_columns(robot) if config.canonical else raw
        self.robot = robot
        self.body_frame = config.canonical and bool(floating_bases(robot))
        self.position_size = len(plain) + 2 * len(angles) + sum(6 if matters else 3 for _, matters in self._turned)
        pairs = torch.triu_indices(robot.nv, robot.nv) if config.quadratic else torch.zeros(2, 0)
        self._index("_pair_first", pairs[0])
        self._index("_pair_second", pairs[1])
        self.velocity_size, self.action_size = robot.nv + pairs.shape[1], robot.nu
        self._index("_plain", plain)
        self._index("_angles", angles)

        single = np.isin(joints.type, (JointType.SLIDE, JointType.HINGE))
        limited = (
            np.flatnonzero(single & joints.limited & robot.limit_enabled) if config.nonsmooth else np.zeros(0, int)
        )
        self._index("_limit_q", joints.qpos_start[limited])
        self._index("_limit_v", joints.dof_start[limited])
        low, high = joints.range[limited].T
        self._constant("_limit_low", low)
        self._constant("_limit_high", high)

        contacts = robot.contacts
        self.quantities: dict[str, Quantity] = contact_quantities(robot) if config.nonsmooth else {}
        self._touches = bool(self.quantities)
        moving = _moving_components(robot) if self._touches else np.zeros((3, 0), int)
        near = (config.pairs, config.strings) if config.nonsmooth else ((), ())
        self._nearby = Nearby(robot, *near)
        self.quantities |= self._nearby.quantities
        normals = np.zeros((len(contacts), 3, len(contacts)))
        normals[np.arange(len(contacts)), :, np.arange(len(contacts))] = contacts.normal
        self._constant(
            "_normals", normals.reshape(3 * len(contacts), len(contacts))
        )  # so that all distances are one small product
        self._constant("_level", contacts.offset + contacts.radius)
        self._index("_moving", moving[0] * 3 + moving[1])
        points = len(contacts) if self._touches else 0
        singles = 2 * len(limited) + self._nearby.count  # gaps with a single rate each
        owner = np.concatenate((moving[0], points + np.arange(singles))).astype(int)
        self._index("_owner", owner)  # which gap each rate belongs to
        varying = _varying(robot, self._nearby)
        self._index("_varying", varying)
        self._ahead = config.ahead
        instants = [[robot.control_step * (k + 1) / config.ahead] for k in range(config.ahead)]
        self._constant("_instants", np.reshape(instants, (-1, 1)))
        self.nonsmooth_size = (4 + 2 * config.ahead) * (points + singles) + 2 * len(owner) + len(varying)
        self.size = self.position_size + self.velocity_size + robot.nu + self.nonsmooth_size

    def _index(self, name: str, values: object) -> None:
        self.register_buffer(name, torch.as_tensor(np.asarray(values, np.int64)), persistent=False)

    def _constant(self, name: str, values: np.ndarray) -> None:
        self.register_buffer(name, torch.as_tensor(np.asarray(values, np.float32)), persistent=False)

    def forward(self, qpos: Tensor, qvel: Tensor, action: Tensor, values: KinematicValues) -> Tensor:
        """The model's inputs; `values` must hold this object's `quantities` at the state."""
        parts = [qpos.index_select(-1, self._plain)]
        if len(self._angles):
            angle = qpos.index_select(-1, self._angles)
            parts += [torch.sin(angle), torch.cos(angle)]
        rotations = base_rotations(self.robot, qpos) if self.body_frame else []
        bases = floating_bases(self.robot) if rotations else ()
        known = {quat.start: rotation for (quat, _), rotation in zip(bases, rotations, strict=True)}
        for place, heading in self._turned:
            rotation = known[place.start] if place.start in known else to_matrix(qpos[..., place])
            parts += [rotation[..., 2, :], rotation[..., 0, :]] if heading else [rotation[..., 2, :]]
        if self.body_frame:
            qvel = into_body(self.robot, rotations, qvel)
        parts.append(qvel)
        if len(self._pair_first):
            parts.append(qvel.index_select(-1, self._pair_first) * qvel.index_select(-1, self._pair_second))
        parts.append(action)
        if self.nonsmooth_size:
            parts += self._nonsmooth(qpos, qvel, values, rotations)
        return torch.cat(parts, dim=-1)

    def _nonsmooth(self, qpos: Tensor, qvel: Tensor, values: KinematicValues, rotations: list[Tensor]) -> list[Tensor]:
        gaps: list[Tensor] = []
        rates: list[Tensor] = []
        closing: list[Tensor] = []
        if self._touches:
            gaps.append(values[POINTS].flatten(-2) @ self._normals - self._level)
            speeds = values[POINT_VELOCITIES]
            if self._ahead:
                closing.append(speeds.flatten(-2) @ self._normals)
            if rotations:
                speeds = speeds @ rotations[0]  # Rᵀ v for each point, as rows
            rates.append(speeds.flatten(-2).index_select(-1, self._moving))
        if len(self._limit_q):
            angle, speed = qpos.index_select(-1, self._limit_q), qvel.index_select(-1, self._limit_v)
            gaps += [angle - self._limit_low, self._limit_high - angle]
            rates += [speed, -speed]
            closing += [speed, -speed]
        beside: list[Tensor] = []
        if self._nearby.count:
            near = self._nearby(values)
            gaps.append(near.gap)
            rates.append(near.rate)
            closing.append(near.rate)
            vectors = torch.stack((near.direction, near.velocity), dim=-3)
            if rotations:
                vectors = vectors @ rotations[0].unsqueeze(-3)
            beside.append(vectors.flatten(-3).index_select(-1, self._varying))
        gap, rate = torch.cat(gaps, dim=-1), torch.cat(rates, dim=-1)
        active = (gap < 0).to(gap.dtype)
        depth = -gap
        acting = active.index_select(-1, self._owner) * rate
        approach = torch.cat(closing, dim=-1) if self._ahead else rate
        if self._ahead:
            then = gap.unsqueeze(-2) + self._instants * approach.unsqueeze(-2)
            foreseen = torch.stack(((then < 0).to(gap.dtype), (-then).clamp(min=0, max=5 * DEEP)), dim=-2)
            beside.append(foreseen.flatten(-3))  # for each instant, which gaps are closed, and how deep
        return [gap.clamp(max=FAR), active, depth.clamp(0, 5 * DEEP), depth.clamp(0, STIFF), rate, acting, *beside]


def _moving_components(robot: Robot) -> np.ndarray:
    """`(3, n)`: which points and which components of their velocity ever differ from zero (planar robots never leave their plane)."""
    velocity = _somewhere(robot, contact_quantities(robot))[POINT_VELOCITIES]
    points, components = np.nonzero(velocity.abs().amax(0).numpy() > 1e-9)
    return np.stack((points, components, np.zeros_like(points)))


def _varying(robot: Robot, nearby: Nearby) -> np.ndarray:
    """Which components of the pairs' directions and relative velocities ever differ from a constant."""
    if not nearby.count:
        return np.zeros(0, int)
    near = nearby(_somewhere(robot, nearby.quantities))
    vectors = torch.stack((near.direction, near.velocity), dim=-3).flatten(-3)
    return np.flatnonzero(vectors.std(0).numpy() > 1e-9)


def _somewhere(robot: Robot, quantities: dict[str, Quantity]) -> dict[str, Tensor]:
    """The quantities in a few random states."""
    generator = torch.Generator().manual_seed(0)
    start = torch.tensor(robot.qpos0).expand(16, -1)
    moved = torch.randn(16, robot.nv, generator=generator, dtype=torch.float64)
    qvel = torch.randn(16, robot.nv, generator=generator, dtype=torch.float64)
    return ForwardKinematics(robot, quantities)(integrate(robot, start, moved, 1.0), qvel)
