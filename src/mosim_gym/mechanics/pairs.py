"""Gaps between moving bodies and slack of strings, with their rates, as features for learning.

Spheres and capsules are segments with a radius. Of two segments with centres c, half axes a and radii r,

    gap = |x₁ - x₂| - r₁ - r₂,      x = c + s a,  s in [-1, 1] where the segments are nearest,

which is negative in penetration. Its rate is the relative velocity of the nearest points along `n = (x₁ - x₂) / |x₁ - x₂|`.
A string of length L between two sites has the slack `L - |x₁ - x₂|`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.mechanics.motion import KinematicValues
from mosim_gym.mechanics.parts import GeomType
from mosim_gym.mechanics.quantities import Quantity, position, relative_position, relative_velocity, velocity
from mosim_gym.mechanics.robot import Robot

Pair = tuple[str, str]
String = tuple[str, str, float]
NEARLY_PARALLEL = 1e-6
_PARTS = ("axis_1", "axis_2", "between")
APART = 1e-9  # m, so that the direction between two points that coincide is a number


class Nearness(NamedTuple):
    """For each of P pairs and strings: `gap (…, P)` in m, `rate (…, P)` in m/s, `direction (…, P, 3)` and relative `velocity (…, P, 3)`."""

    gap: Tensor
    rate: Tensor
    direction: Tensor
    velocity: Tensor


class Nearby(nn.Module):
    """The pairs of geoms `pairs` and the strings `strings` (two sites and a length in m) of `robot`."""

    _radius: Tensor
    _square_1: Tensor
    _square_2: Tensor
    _length: Tensor

    def __init__(self, robot: Robot, pairs: Sequence[Pair], strings: Sequence[String]) -> None:
        """Resolve names once; shapes other than spheres and capsules are refused."""
        super().__init__()
        geoms = robot.geoms
        self._pairs, self._strings = list(pairs), list(strings)
        self.count = len(self._pairs) + len(self._strings)
        self.quantities: dict[str, Quantity] = {}
        names = sorted({name for pair in self._pairs for name in pair})
        rows = [geoms.index(name) for name in names]
        for name, row in zip(names, rows, strict=True):
            if geoms.type[row] not in (GeomType.SPHERE, GeomType.CAPSULE):
                raise ValueError(f"The geom {name!r} of {robot.name!r} is neither a sphere nor a capsule.")
        sides = [[pair[side] for pair in self._pairs] for side in (0, 1)]
        if names:
            for kind, relative in (("way", relative_position), ("rate", relative_velocity)):
                self.quantities |= {
                    f"pair_axis_1_{kind}": relative("tip", sides[0], "geom", sides[0]),
                    f"pair_axis_2_{kind}": relative("tip", sides[1], "geom", sides[1]),
                    f"pair_between_{kind}": relative("geom", sides[0], "geom", sides[1]),
                }
        where = [[geoms.index(name) for name in side] for side in sides]
        half = [np.where(geoms.type[side] == GeomType.CAPSULE, geoms.size[side, 1], 0.0) for side in where]
        squares = [
            np.where(length > 0, length**2, 1.0) for length in half
        ]  # a sphere's axis is zero: anything divides it
        numbers = {"_radius": geoms.size[where[0], 0] + geoms.size[where[1], 0]}
        numbers |= {"_square_1": squares[0], "_square_2": squares[1]}
        numbers["_length"] = np.array([string[2] for string in self._strings])
        for name, values in numbers.items():
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.float32), persistent=False)
        for side in (0, 1):
            ends = [(first, second)[side] for first, second, _ in self._strings]
            if ends:
                self.quantities |= {
                    f"string_{side}": position("site", ends),
                    f"string_{side}_velocity": velocity("site", ends),
                }

    def forward(self, values: KinematicValues) -> Nearness:
        """Pairs first, then strings; `values` must hold this object's `quantities`."""
        parts: list[Nearness] = []
        if self._pairs:
            parts.append(self._segments(values))
        if self._strings:
            away = values["string_0"] - values["string_1"]
            speed = values["string_0_velocity"] - values["string_1_velocity"]
            distance, direction = _direction(away)
            parts.append(Nearness(self._length - distance, -(speed * direction).sum(-1), direction, speed))
        if len(parts) == 1:
            return parts[0]
        axes = (-1, -1, -2, -2)
        return Nearness(
            *(torch.cat(column, dim=axis) for column, axis in zip(zip(*parts, strict=True), axes, strict=True))
        )

    def _segments(self, values: KinematicValues) -> Nearness:
        a, b, between = (values[f"pair_{part}_way"] for part in _PARTS)
        turn_a, turn_b, apart = (values[f"pair_{part}_rate"] for part in _PARTS)
        along, across, other = (a * b).sum(-1), (a * between).sum(-1), (b * between).sum(-1)
        product = self._square_1 * self._square_2
        slant = torch.maximum(product - along * along, NEARLY_PARALLEL * product)
        s = ((along * other - self._square_2 * across) / slant).clamp(-1, 1)
        t = ((along * s + other) / self._square_2).clamp(-1, 1)
        s = ((along * t - across) / self._square_1).clamp(-1, 1).unsqueeze(-1)
        t = t.unsqueeze(-1)
        distance, direction = _direction(between + s * a - t * b)
        speed = apart + s * turn_a - t * turn_b
        return Nearness(distance - self._radius, (speed * direction).sum(-1), direction, speed)


def _direction(away: Tensor) -> tuple[Tensor, Tensor]:
    distance = away.square().sum(-1).clamp(min=APART**2).sqrt()
    return distance, away / distance.unsqueeze(-1)
