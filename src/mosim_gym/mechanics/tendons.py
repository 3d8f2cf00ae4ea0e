"""`SpatialTendons`: lengths of spatial tendons, their rates, and how they pull a robot's joints, from forward kinematics.

A tendon runs through sites, and around spheres and cylinders (`mechanics.wrapping`). Its length L(q) is that of its parts, each divided by
the divisor of the pulley before it. With u the direction of a straight part from point x to point y, and J the Jacobian of points,

    L̇ = Σ u · (ẏ - ẋ) = A q̇,        A = ∂L/∂q = Σ uᵀ (J_y - J_x)

A holds the *moment arms*. Where the string meets a geom, the point belongs to the geom's body. Actuators with the forces f and the gears g
pull the joints by `Aᵀ (g f)`. Lengths, rates and arms equal MuJoCo's `ten_length`, `ten_velocity` and `ten_J`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.mechanics.motion import KinematicValues
from mosim_gym.mechanics.parts import GeomType, JointType
from mosim_gym.mechanics.quantities import Quantity, angular_velocity, position, rotation, velocity
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.tendon_parts import (
    SHORTEST,
    Part,
    acting_tendons,
    is_still,
    joints_above,
    lengths_at_rest,
    may_be_inside,
    tendon_parts,
)
from mosim_gym.mechanics.wrapping import cross, wrapped

Array = np.ndarray


class Pull(NamedTuple):
    """How tendons of unit force pull bodies, for each of K ends of parts: force `(3, …, K)`, moment about the origin `(3, …, K)`."""

    force: Tensor
    moment: Tensor


class Tensions(NamedTuple):
    """Of T tendons: `length (…, T)` in m, `rate (…, T)` in m/s, and how they pull."""

    length: Tensor
    rate: Tensor
    pull: Pull


class SpatialTendons(nn.Module):
    """The spatial tendons `names` of `robot`, by default all that act. Parts that no joint moves are added up once."""

    _still: Tensor  # (T,)
    _starts: Tensor  # rows of sites, of all parts, straight ones first
    _ends: Tensor
    _weights: Tensor  # (parts, T): 1 / divisor
    _radius: Tensor
    _cylinder: Tensor
    _sided: Tensor
    _side: Tensor
    _geom: Tensor
    _hollow: Tensor  # rows of parts around geoms whose side may lie inside the geom
    _owned: Tensor  # (K, nv): which degrees of freedom move an end of a part
    _tendon: Tensor  # (K, T): 1 / divisor where an end belongs to a tendon
    _axes: Tensor  # (3, nv) in the joint's frame
    _turns: Tensor  # (nv,): whether a degree of freedom turns; else it slides
    _world: Tensor  # (nv,): whether the axis is fixed in the world, as those of free joints that shift
    _joint: Tensor  # (nv,)
    _geared: Tensor  # (nu, T)

    def __init__(self, robot: Robot, names: Sequence[str] | None = None) -> None:
        """Resolve names once. An unknown name raises `KeyError` with the valid ones."""
        super().__init__()
        self.names = acting_tendons(robot) if names is None else tuple(names)
        self.rows = [robot.tendons.index(name) for name in self.names]
        self.count = len(self.rows)
        parts = tendon_parts(robot, self.rows)
        moved = [part for part in parts if not is_still(robot, part)]
        moving = {part.tendon for part in moved}
        still = [name for row, name in zip(self.rows, self.names, strict=True) if row not in moving]
        if still:
            raise ValueError(f"No joint of {robot.name} moves the tendon {still[0]!r}, or its path is not known.")
        straight, bent = ([p for p in moved if (p.geom < 0) == plain] for plain in (True, False))
        moved = [*straight, *bent]
        self._straight, self._bent = len(straight), len(bent)
        self.pulls = bool({*self.names} & {*robot.pulled})
        self.quantities = self._wanted(robot, moved)
        self._lay_out(robot, moved, [part for part in parts if is_still(robot, part)])

    def _wanted(self, robot: Robot, parts: Sequence[Part]) -> dict[str, Quantity]:
        """The quantities of forward kinematics that `forward`, `joint_forces` and `moment_arms` need."""
        self._sites = sorted(
            {site for p in parts for site in (p.start, p.end)} | {p.side for p in parts if p.side >= 0}
        )
        self._geoms = sorted({p.geom for p in parts if p.geom >= 0})
        sites, geoms = ([f"#{row}" for row in part] for part in (self._sites, self._geoms))
        wanted: dict[str, Quantity] = {}
        if sites:
            joints = [f"#{row}" for row in range(len(robot.joints))]
            wanted |= {"tendon_sites": position("site", sites), "tendon_site_velocities": velocity("site", sites)}
            wanted |= {"tendon_joints": position("joint", joints), "tendon_joint_axes": rotation("joint", joints)}
        if geoms:
            wanted |= {
                "tendon_geoms": position("geom", geoms),
                "tendon_geom_axes": rotation("geom", geoms),
                "tendon_geom_velocities": velocity("geom", geoms),
                "tendon_geom_spins": angular_velocity("geom", geoms),
            }
        return wanted

    def _lay_out(self, robot: Robot, parts: Sequence[Part], still: Sequence[Part]) -> None:
        """Keep all constants."""
        column = {row: place for place, row in enumerate(self.rows)}
        bent = parts[self._straight :]
        lengths = np.zeros(self.count)
        for part, length in zip(still, lengths_at_rest(robot, still), strict=True):
            lengths[column[part.tendon]] += length / part.divisor
        weights = np.zeros((len(parts), self.count))
        for row, part in enumerate(parts):
            weights[row, column[part.tendon]] = 1 / part.divisor
        site, geom = ({row: place for place, row in enumerate(rows)} for rows in (self._sites, self._geoms))
        above = joints_above(robot)[:, robot.dofs.joint]
        owners = [robot.sites.body[[getattr(p, end) for p in parts]] for end in ("start", "end")]
        owners.append(robot.geoms.body[[p.geom for p in bent]])
        axes, turns, world = _axes(robot)
        geared = np.zeros((robot.nu, self.count))
        for actuator, tendon in enumerate(robot.pulled):
            if tendon in self.names:
                geared[actuator, self.names.index(tendon)] = robot.actuators.gear[actuator, 0]
        numbers = {
            "_still": lengths,
            "_weights": weights,
            "_radius": np.array([robot.geoms.size[p.geom, 0] for p in bent]),
            "_owned": above[np.concatenate(owners).astype(int)],
            "_tendon": np.concatenate((weights, weights, weights[self._straight :])),
            "_axes": axes.T,
            "_turns": turns,
            "_world": world,
            "_geared": geared,
        }
        indices = {
            "_starts": [site[p.start] for p in parts],
            "_ends": [site[p.end] for p in parts],
            "_side": [site.get(p.side, 0) for p in bent],
            "_geom": [geom[p.geom] for p in bent],
            "_joint": robot.dofs.joint,
            "_hollow": [row for row, part in enumerate(bent) if may_be_inside(robot, part)],
        }
        for name, values in numbers.items():
            self.register_buffer(name, torch.as_tensor(np.asarray(values, np.float32)), persistent=False)
        for name, values in indices.items():
            self.register_buffer(name, torch.as_tensor(np.asarray(values, np.int64)), persistent=False)
        flags = {
            "_cylinder": [robot.geoms.type[p.geom] == GeomType.CYLINDER for p in bent],
            "_sided": [p.side >= 0 for p in bent],
        }
        for name, values in flags.items():
            self.register_buffer(name, torch.as_tensor(np.asarray(values, bool)), persistent=False)

    def forward(self, values: KinematicValues) -> Tensions:
        """Lengths, rates and pulls; `values` must hold this object's `quantities`."""
        sites, speeds = values["tendon_sites"].movedim(-1, 0), values["tendon_site_velocities"].movedim(-1, 0)
        start, end = (sites.index_select(-1, rows) for rows in (self._starts, self._ends))
        moves = [speeds.index_select(-1, rows) for rows in (self._starts, self._ends)]
        length, leaving = _direction(end - start)
        rate = (leaving * (moves[1] - moves[0])).sum(0)
        pulls = [Pull(-leaving, -cross(start, leaving)), Pull(leaving, cross(end, leaving))]
        if self._bent:
            n = self._straight
            bent = self._around(values, *(part[..., n:] for part in (start, end, *moves, length, leaving, rate)))
            length, rate = (
                torch.cat((old[..., :n], new), dim=-1) for old, new in ((length, bent.length), (rate, bent.rate))
            )
            pulls = [
                Pull(*(torch.cat((old[..., :n], new), dim=-1) for old, new in zip(pull, part, strict=True)))
                for pull, part in zip(pulls, bent.pulls, strict=False)
            ] + [bent.pulls[2]]
        pull = Pull(*(torch.cat(part, dim=-1) for part in zip(*pulls, strict=True)))
        return Tensions(self._still + length @ self._weights, rate @ self._weights, pull)

    def _around(
        self,
        values: KinematicValues,
        start: Tensor,
        end: Tensor,
        start_speed: Tensor,
        end_speed: Tensor,
        distance: Tensor,
        line: Tensor,
        straight_rate: Tensor,
    ) -> _Bent:
        """Parts around geoms, from what they would be if they were straight."""

        def of_geoms(name: str) -> Tensor:
            return values[name].movedim(-1, 0).index_select(-1, self._geom)

        centre, speed, spin = (of_geoms(f"tendon_geom{name}") for name in ("s", "_velocities", "_spins"))
        turn = values["tendon_geom_axes"].movedim((-2, -1), (0, 1)).index_select(-1, self._geom)
        side = values["tendon_sites"].movedim(-1, 0).index_select(-1, self._side)
        begin, stop, side = (
            (turn * (point - centre).unsqueeze(1)).sum(0) for point in (start, end, side)
        )  # in the geoms' axes
        way = wrapped(begin, stop, side, self._radius, self._cylinder, self._sided, self._hollow)
        arms = [(turn * point.unsqueeze(0)).sum(1) for point in (way.first, way.last)]
        first, last = (arm + centre for arm in arms)
        (before, out), (after, back) = _direction(first - start), _direction(end - last)
        out, back = (torch.where(way.wraps, part, line) for part in (out, back))
        carried = [speed + cross(spin, arm) for arm in arms]
        rate = (out * (carried[0] - start_speed)).sum(0) + (back * (end_speed - carried[1])).sum(0)
        moment = cross(first, out) - cross(last, back)
        return _Bent(
            torch.where(way.wraps, before + way.length + after, distance),
            torch.where(way.wraps, rate, straight_rate),
            (
                Pull(-out, -cross(start, out)),
                Pull(back, cross(end, back)),
                Pull(out - back, torch.where(way.wraps, moment, torch.zeros_like(moment))),
            ),
        )

    def joint_forces(self, values: KinematicValues, pull: Pull, action: Tensor) -> Tensor:
        """`Aᵀ (g a) (…, nv)`: by how much actuators whose force is their control `action (…, nu)` pull along each degree of freedom.

        The action's unit times m, or the action's unit for slides.
        """
        return self._gathered(values, pull, action @ self._geared @ self._tendon.mT)

    def moment_arms(self, values: KinematicValues, pull: Pull) -> Tensor:
        """A `(…, T, nv)`: the derivative of each length along each degree of freedom, m/rad or m/m."""
        return torch.stack([self._gathered(values, pull, weights) for weights in self._tendon.mT], dim=-2)

    def _gathered(self, values: KinematicValues, pull: Pull, weights: Tensor) -> Tensor:
        """Generalised forces `(…, nv)` of the pulls, weighted by `weights (…, K)`."""
        axes = values["tendon_joint_axes"].movedim((-2, -1), (0, 1)).index_select(-1, self._joint)
        own = self._axes.view(1, 3, *[1] * (axes.ndim - 3), -1)
        turned_axes = (axes * own).sum(1)
        axes = torch.lerp(turned_axes, own[0].expand_as(turned_axes), self._world)
        anchors = values["tendon_joints"].movedim(-1, 0).index_select(-1, self._joint)
        force, moment = (weights * pull.force) @ self._owned, (weights * pull.moment) @ self._owned
        turned = moment - cross(anchors, force)
        return (axes * torch.lerp(force, turned, self._turns)).sum(0)


class _Bent(NamedTuple):
    """Parts around geoms: length and rate `(…, W)`, and how they pull at their starts, at their ends and at the geoms."""

    length: Tensor
    rate: Tensor
    pulls: tuple[Pull, Pull, Pull]


def _direction(away: Tensor) -> tuple[Tensor, Tensor]:
    distance = away.square().sum(0).clamp(min=SHORTEST**2).sqrt()
    return distance, away / distance


def _axes(robot: Robot) -> tuple[Array, Array, Array]:
    """Of each degree of freedom the axis in its joint's frame `(nv, 3)`, whether it turns, and whether the axis is the world's `(nv,)`."""
    joints = robot.joints
    found: list[tuple[Array, bool, bool]] = []
    for joint in range(len(joints)):
        match JointType(int(joints.type[joint])):
            case JointType.SLIDE:
                found.append((np.eye(3)[0], False, False))
            case JointType.HINGE:
                found.append((joints.axis[joint], True, False))
            case kind:
                found += [(axis, False, True) for axis in np.eye(3)] if kind == JointType.FREE else []
                found += [(axis, True, False) for axis in np.eye(3)]
    axes, turns, world = (np.array(part, float) for part in zip(*found, strict=True))
    return axes, turns, world
