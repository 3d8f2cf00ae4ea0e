"""What makes motion non-smooth, as inputs of the model: everything that may touch, signed distances and how they change.

There is a *gap* for each contact point and what lies below it, for each limited joint and both its limits, for each pair of moving shapes
that may touch, for each string, and for each limited tendon and both its limits, all in m or rad. MuJoCo's constraints act exactly where a
gap is negative. So each comes with that indicator, with how deep it is on two scales (the second is that of the millimetre over which
MuJoCo's constraints stiffen), with the velocity there, and with the velocity where the constraint acts. A floating base's contact points
move in its own axes.

Of instants that are foreseen, only what acts there is told: the indicators, both depths, and the velocities where constraints act.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.mechanics import ForwardKinematics, Quantity, Robot, contact_quantities, integrate
from mosim_gym.mechanics.contact import POINT_VELOCITIES, POINTS
from mosim_gym.mechanics.frames import base_rotations
from mosim_gym.mechanics.motion import KinematicValues
from mosim_gym.mechanics.pairs import Nearby
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.tendon_parts import limited_tendons
from mosim_gym.mechanics.tendons import SpatialTendons, Tensions

DEEP, STIFF = 0.02, 0.001  # m or rad: the two scales of penetration
FAR = 0.5  # m or rad: beyond this a distance no longer matters


class Gaps(NamedTuple):
    """G signed distances `gap (…, G)`; R velocities there, `rate (…, R)`; how fast each opens, `opening (…, G)`, where that is asked for.

    `beside (…, n)` tells directions and relative velocities of what moves near what.
    """

    gap: Tensor
    rate: Tensor
    opening: Tensor | None
    beside: Tensor | None


class ContactFeatures(nn.Module):
    """Maps `qpos (..., nq)`, `qvel (..., nv)` and kinematic values, which must hold `quantities`, to `(..., size)`."""

    _limit_q: Tensor
    _limit_v: Tensor
    _limit_low: Tensor
    _limit_high: Tensor
    _limited: Tensor
    _shortest: Tensor
    _longest: Tensor
    _normals: Tensor
    _level: Tensor
    _instants: Tensor
    _moving: Tensor
    _owner: Tensor
    _varying: Tensor

    def __init__(self, robot: Robot, config: MoSimConfig, *, body_frame: bool) -> None:
        """Resolve all names and indices once; nothing at all where the configuration wants none."""
        super().__init__()
        self.robot, self._body_frame = robot, body_frame
        joints, contacts = robot.joints, robot.contacts
        single = np.isin(joints.type, (JointType.SLIDE, JointType.HINGE))
        limited = (
            np.flatnonzero(single & joints.limited & robot.limit_enabled) if config.nonsmooth else np.zeros(0, int)
        )
        self._index("_limit_q", joints.qpos_start[limited])
        self._index("_limit_v", joints.dof_start[limited])
        low, high = joints.range[limited].T
        self._constant("_limit_low", low)
        self._constant("_limit_high", high)
        self.quantities: dict[str, Quantity] = contact_quantities(robot) if config.nonsmooth else {}
        self._touches = bool(self.quantities)
        moving = _moving_components(robot) if self._touches else np.zeros((3, 0), int)
        self._nearby = Nearby(robot, *((config.pairs, config.strings) if config.nonsmooth else ((), ())))
        self.quantities |= self._nearby.quantities
        limits = limited_tendons(robot, config.tendons) if config.nonsmooth else ()
        self._tendons = SpatialTendons(robot, limits) if limits else None
        rows = [] if self._tendons is None else self._tendons.rows
        self._index("_limited", [config.tendons.index(name) for name in limits])
        self._constant("_shortest", robot.tendons.range[rows, 0])
        self._constant("_longest", robot.tendons.range[rows, 1])
        if self._tendons is not None:
            self.quantities |= self._tendons.quantities
        normals = np.zeros((len(contacts), 3, len(contacts)))  # so that all distances are one small product
        normals[np.arange(len(contacts)), :, np.arange(len(contacts))] = contacts.normal
        self._constant("_normals", normals.reshape(3 * len(contacts), len(contacts)))
        self._constant("_level", contacts.offset + contacts.radius)
        self._index("_moving", moving[0] * 3 + moving[1])
        points = len(contacts) if self._touches else 0
        singles = 2 * len(limited) + self._nearby.count + 2 * len(rows)  # gaps with a single rate each
        owner = np.concatenate((moving[0], points + np.arange(singles))).astype(int)
        self._index("_owner", owner)  # which gap each rate belongs to
        varying = _varying(robot, self._nearby)
        self._index("_varying", varying)
        self._ahead = config.ahead
        instants = [[robot.control_step * (k + 1) / config.ahead] for k in range(config.ahead)]
        self._constant("_instants", np.reshape(instants, (-1, 1)))
        self.gap_count = points + singles
        self.size = (4 + 2 * config.ahead) * self.gap_count + 2 * len(owner) + len(varying)
        self._now_size = self.gap_count + len(owner) + len(varying)
        self._acting_size = 3 * self.gap_count + len(owner)

    def _index(self, name: str, values: object) -> None:
        self.register_buffer(name, torch.as_tensor(np.asarray(values, np.int64)), persistent=False)

    def _constant(self, name: str, values: np.ndarray) -> None:
        self.register_buffer(name, torch.as_tensor(np.asarray(values, np.float32)), persistent=False)

    def gaps(
        self,
        qpos: Tensor,
        qvel: Tensor,
        values: KinematicValues,
        rotations: list[Tensor],
        taut: Tensions | None = None,
    ) -> Gaps:
        """All gaps at a state; `rotations` are those of floating bases, if there are any, and `taut` tells of all tendons, where known."""
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
        beside: Tensor | None = None
        if self._nearby.count:
            near = self._nearby(values)
            gaps.append(near.gap)
            rates.append(near.rate)
            closing.append(near.rate)
            vectors = torch.stack((near.direction, near.velocity), dim=-3)
            if rotations:
                vectors = vectors @ rotations[0].unsqueeze(-3)
            beside = vectors.flatten(-3).index_select(-1, self._varying)
        if self._tendons is not None:
            if taut is None:
                length, rate, _ = self._tendons(values)
            else:
                length, rate = (part.index_select(-1, self._limited) for part in (taut.length, taut.rate))
            gaps += [length - self._shortest, self._longest - length]
            rates += [rate, -rate]
            closing += [rate, -rate]
        opening = torch.cat(closing, dim=-1) if self._ahead else None
        return Gaps(torch.cat(gaps, dim=-1), torch.cat(rates, dim=-1), opening, beside)

    def forward(
        self,
        qpos: Tensor,
        qvel: Tensor,
        values: KinematicValues,
        rotations: list[Tensor],
        taut: Tensions | None = None,
    ) -> Tensor:
        """The features of the present; arguments are those of `gaps`."""
        gap, rate, opening, beside = self.gaps(qpos, qvel, values, rotations, taut)
        active, depth = (gap < 0).to(gap.dtype), -gap
        acting = active.index_select(-1, self._owner) * rate
        parts = [gap.clamp(max=FAR), active, depth.clamp(0, 5 * DEEP), depth.clamp(0, STIFF), rate, acting]
        if beside is not None:
            parts.append(beside)
        if opening is not None:
            then = gap.unsqueeze(-2) + self._instants * opening.unsqueeze(-2)
            foreseen = torch.stack(((then < 0).to(gap.dtype), (-then).clamp(min=0, max=5 * DEEP)), dim=-2)
            parts.append(foreseen.flatten(-3))  # for each instant, which gaps are closed, and how deep
        return torch.cat(parts, dim=-1)

    def along(self, qpos: Tensor, qvel: Tensor, values: KinematicValues) -> Tensor:
        """The features of a way `(..., K, nq)`, `(..., K, nv)` that begins in the present, `(..., along_size(K))`."""
        gap, rate, _, beside = self.gaps(
            qpos, qvel, values, base_rotations(self.robot, qpos) if self._body_frame else []
        )
        active, depth = (gap < 0).to(gap.dtype), -gap
        acting = active.index_select(-1, self._owner) * rate
        acts = torch.cat((active, depth.clamp(0, 5 * DEEP), depth.clamp(0, STIFF), acting), dim=-1).flatten(-2)
        parts = [gap[..., 0, :].clamp(max=FAR), rate[..., 0, :], acts]
        if beside is not None:
            parts.append(beside[..., 0, :])
        return torch.cat(parts, dim=-1)

    def scales(self, std: Tensor) -> Tensor:
        """How large each of the features `(size,)` becomes by its nature, from their deviations `std`: rates have none but their own."""
        rates = std[4 * self.gap_count :][: len(self._owner)]
        gaps, depths = self._gap_scales(std)
        foreseen = torch.stack((torch.ones_like(gaps), torch.full_like(gaps, 5 * DEEP))).flatten().repeat(self._ahead)
        return torch.cat((gaps, depths, rates, rates, std.new_ones(len(self._varying)), foreseen))

    def scales_along(self, std: Tensor, instants: int) -> Tensor:
        """The same for the features of a way that has so many instants."""
        rates = std[self.gap_count :][: len(self._owner)]
        gaps, depths = self._gap_scales(std)
        acts = torch.cat((depths, rates)).repeat(instants)
        return torch.cat((gaps, rates, acts, std.new_ones(len(self._varying))))

    def _gap_scales(self, std: Tensor) -> tuple[Tensor, Tensor]:
        """The scales of distances, and those of indicators and of both depths."""
        gaps = std.new_full((self.gap_count,), FAR)
        return gaps, torch.cat([torch.full_like(gaps, scale) for scale in (1.0, 5 * DEEP, STIFF)])

    def closed_columns(self, instants: int) -> list[int]:
        """Which numbers of `along` say that a gap is closed, of a way that has so many instants; its first `gap_count` numbers are gaps."""
        first = self.gap_count + len(self._owner)
        return [first + k * self._acting_size + gap for k in range(instants) for gap in range(self.gap_count)]

    def along_size(self, instants: int) -> int:
        """How many numbers tell of a way that has so many instants, the present among them."""
        return self._now_size + instants * self._acting_size


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
