"""`VisibleGeoms`: which geoms of a robot a picture shows, and which of them are the ground."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.linear_form import matrix
from mosim_gym.mechanics.parts import GeomType

Array = np.ndarray
VISIBLE_GROUPS = 3  # MuJoCo shows geoms of groups 0, 1 and 2


class VisibleGeoms:
    """Rows of `robot.geoms`: level planes that nothing can move are `grounds`, all others `shapes`. Without those named in `hidden`."""

    def __init__(self, robot: Robot, hidden: Iterable[str] = ()) -> None:
        """Look through all geoms."""
        geoms, unseen = robot.geoms, set(hidden)
        visible = (geoms.rgba[:, 3] > 0) & (geoms.group < VISIBLE_GROUPS)
        planes = geoms.type == GeomType.PLANE
        static = _welded_to_world(robot)[geoms.body]
        level = np.array([static[g] and abs(matrix(geoms.quat[g])[2, 2]) > 0.999 for g in range(len(geoms))], bool)
        sized = ~planes | (geoms.size[:, :2] > 0).all(1)
        shown = [name not in unseen for name in geoms.names]
        self.grounds = np.flatnonzero(visible & planes & level & shown)
        """`(G,)`"""
        self.shapes = np.flatnonzero(visible & sized & shown & ~(planes & level))
        """`(S,)`"""
        self.moving = ~static[self.shapes]
        """Whether something can move each of the shapes, `(S,)` bool."""

    @property
    def names(self) -> list[str]:
        """The shapes as `Quantity` names them."""
        return [f"#{g}" for g in self.shapes]


def _welded_to_world(robot: Robot) -> Array:
    """For each body, whether nothing can move it."""
    fixed = np.ones(len(robot.bodies), bool)
    fixed[robot.joints.body] = False
    for body in range(1, len(robot.bodies)):
        fixed[body] &= fixed[robot.bodies.parent[body]]
    return fixed
