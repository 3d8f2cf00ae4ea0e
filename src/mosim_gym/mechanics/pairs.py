"""Gaps between moving bodies and slack of strings, with their rates, as features for learning.

Spheres and capsules are segments with a radius. Of two segments with centres c, unit axes u, half lengths l and radii r,

    gap = |x₁ - x₂| - r₁ - r₂,      x = c + s u,  s in [-l, l] where the segments are nearest,

which is negative in penetration. Its rate is the relative velocity of the nearest points along `n = (x₁ - x₂) / |x₁ - x₂|`.
A string of length L between two sites has the slack `L - |x₁ - x₂|`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mosim_gym.mechanics.motion import KinematicValues
from mosim_gym.mechanics.parts import GeomType
from mosim_gym.mechanics.quantities import Quantity, angular_velocity, position, rotation, velocity
from mosim_gym.mechanics.robot import Robot

Pair = tuple[str, str]
String = tuple[str, str, float]
NEARLY_PARALLEL = 1e-6
APART = 1e-9  # m, so that the direction between two points that coincide is a number


class Nearness(NamedTuple):
    """For each of P pairs and strings: `gap (…, P)` in m, `rate (…, P)` in m/s, `direction (…, P, 3)` and relative `velocity (…, P, 3)`."""

    gap: Tensor
    rate: Tensor
    direction: Tensor
    velocity: Tensor


class Nearby:
    """The pairs of geoms `pairs` and the strings `strings` (two sites and a length in m) of `robot`."""

    def __init__(self, robot: Robot, pairs: Sequence[Pair], strings: Sequence[String]) -> None:
        """Resolve names once; shapes other than spheres and capsules are refused."""
        geoms = robot.geoms
        self._pairs, self._strings = list(pairs), list(strings)
        self.count = len(self._pairs) + len(self._strings)
        self.quantities: dict[str, Quantity] = {}
        self._sides: list[tuple[list[float], list[float]]] = []
        for side in (0, 1):
            names = [pair[side] for pair in self._pairs]
            rows = [geoms.index(name) for name in names]
            for name, row in zip(names, rows, strict=True):
                if geoms.type[row] not in (GeomType.SPHERE, GeomType.CAPSULE):
                    raise ValueError(f"The geom {name!r} of {robot.name!r} is neither a sphere nor a capsule.")
            half = [float(geoms.size[row, 1]) if geoms.type[row] == GeomType.CAPSULE else 0.0 for row in rows]
            self._sides.append(([float(geoms.size[row, 0]) for row in rows], half))
            if names:
                self.quantities |= {
                    f"pair_{side}_centre": position("geom", names),
                    f"pair_{side}_axes": rotation("geom", names),
                    f"pair_{side}_velocity": velocity("geom", names),
                    f"pair_{side}_spin": angular_velocity("geom", names),
                }
            ends = [(first, second)[side] for first, second, _ in self._strings]
            if ends:
                self.quantities |= {
                    f"string_{side}": position("site", ends),
                    f"string_{side}_velocity": velocity("site", ends),
                }

    def __call__(self, values: KinematicValues) -> Nearness:
        """Pairs first, then strings; `values` must hold this object's `quantities`."""
        parts: list[Nearness] = []
        if self._pairs:
            parts.append(self._segments(values))
        if self._strings:
            away = values["string_0"] - values["string_1"]
            speed = values["string_0_velocity"] - values["string_1_velocity"]
            distance, direction = _direction(away)
            length = away.new_tensor([string[2] for string in self._strings])
            parts.append(Nearness(length - distance, -(speed * direction).sum(-1), direction, speed))
        if len(parts) == 1:
            return parts[0]
        axes = (-1, -1, -2, -2)
        return Nearness(
            *(torch.cat(column, dim=axis) for column, axis in zip(zip(*parts, strict=True), axes, strict=True))
        )

    def _segments(self, values: KinematicValues) -> Nearness:
        first, second = values["pair_0_centre"], values["pair_1_centre"]
        u, w = values["pair_0_axes"][..., 2], values["pair_1_axes"][..., 2]
        radius = first.new_tensor(self._sides[0][0]) + first.new_tensor(self._sides[1][0])
        l1, l2 = first.new_tensor(self._sides[0][1]), first.new_tensor(self._sides[1][1])
        between = first - second
        along, across, other = (u * w).sum(-1), (u * between).sum(-1), (w * between).sum(-1)
        slant = (1 - along * along).clamp(min=NEARLY_PARALLEL)
        s = ((along * other - across) / slant).clamp(-l1, l1)
        t = (along * s + other).clamp(-l2, l2)
        s = (along * t - across).clamp(-l1, l1)
        arm1, arm2 = s.unsqueeze(-1) * u, t.unsqueeze(-1) * w
        distance, direction = _direction(between + arm1 - arm2)
        speed = (
            values["pair_0_velocity"]
            + torch.cross(values["pair_0_spin"], arm1, dim=-1)
            - values["pair_1_velocity"]
            - torch.cross(values["pair_1_spin"], arm2, dim=-1)
        )
        return Nearness(distance - radius, (speed * direction).sum(-1), direction, speed)


def _direction(away: Tensor) -> tuple[Tensor, Tensor]:
    distance = away.square().sum(-1).clamp(min=APART**2).sqrt()
    return distance, away / distance.unsqueeze(-1)
