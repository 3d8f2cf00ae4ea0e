"""The view of a robot, and how a camera without perspective follows it.

The view of a robot that moves in a plane is along the plane's normal: from the side (a cheetah, a pole) or from above (an arm on a table).
The view of a robot that moves in space is from the side, turned a little, so that the far limbs show behind the near ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mosim_gym.mechanics.linear_form import JointTree
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.planar import planar_angles
from mosim_gym.mechanics.robot import Robot

Array = np.ndarray
SPATIAL_AZIMUTH = 0.5  # rad by which the view of a spatial robot is turned from the side towards its front
VERTICAL = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class View:
    """Orthonormal axes of a picture in the world, each `(3,)`: `right`, `up`, and `toward` the viewer."""

    right: Array
    up: Array
    toward: Array

    @property
    def from_above(self) -> bool:
        """Whether the picture is a map of the ground."""
        return bool(self.toward[2] > 0.5)

    def flat(self, points: Array) -> Array:
        """Points of the world `(..., 3)` in the picture's plane, `(..., 2)`, m."""
        return points @ np.stack((self.right, self.up), axis=1)

    def depth(self, points: Array) -> Array:
        """The nearness to the viewer `(...)`, m, of points of the world `(..., 3)`."""
        return points @ self.toward


def _looking(toward: Array) -> View:
    """The upright view for a viewer in the horizontal direction `toward`."""
    return View(np.cross(VERTICAL, toward), VERTICAL, toward)


FROM_ABOVE = View(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), VERTICAL)
FROM_THE_SIDE = _looking(np.array([0.0, -1.0, 0.0]))
FROM_THE_FRONT = _looking(np.array([1.0, 0.0, 0.0]))
OBLIQUE = _looking(np.array([np.sin(SPATIAL_AZIMUTH), -np.cos(SPATIAL_AZIMUTH), 0.0]))


def choose_view(robot: Robot) -> View:
    """The view along the normal of the plane in which all joints move, if that is an axis of the world, else the oblique view.

    Without hinges the slides span the plane. Of several possible planes the upright one is taken, seen from the side.
    """
    tree = JointTree(robot)
    angles = planar_angles(tree)
    if angles is None:
        return OBLIQUE
    slides = [angles.rotation0[s.frame] @ s.axis for s in tree.slides]
    turning = any(kind == JointType.HINGE for kind in robot.joints.type)
    for view in (FROM_THE_SIDE, FROM_ABOVE, FROM_THE_FRONT):
        along = not turning or abs(angles.axis @ view.toward) > 0.999
        if along and all(abs(s @ view.toward) < 0.05 for s in slides):
            return view
    return OBLIQUE


def travels(robot: Robot) -> bool:
    """Whether the camera must follow the robot: it floats freely, or declares that its place does not matter."""
    return bool(robot.invariances.translations) or (len(robot.joints) > 0 and robot.joints.type[0] == JointType.FREE)


@dataclass(frozen=True)
class Framing:
    """A window of `width` × `height` m onto the picture's plane.

    A camera that `follows` keeps the robot's centre of mass in its middle. With a `floor` it keeps its height unless the robot would leave
    the picture at the top. A camera that does not follow stays at `centre`. `floor` is the floor's height in the picture, or None.
    """

    centre: tuple[float, float]
    width: float
    height: float
    follows: bool
    floor: float | None

    def corner(self, com: Array) -> Array:
        """Top left corner `(2,)` of the window for a centre of mass at `com (2,)`, m in the picture's plane."""
        x, y = self.centre
        if self.follows:
            x = com[0]
            y = com[1] if self.floor is None else max(y, com[1] - 0.15 * self.height)
        return np.array([x - self.width / 2, y + self.height / 2])


def fit(low: Array, high: Array, *, aspect: float, follows: bool, floor: float | None) -> Framing:
    """The window of shape `aspect` (width / height) around the robot's box from `low (2,)` to `high (2,)`.

    A robot that is followed has more room around it. The box of any other robot already is its whole reach.
    """
    bottom = low[1] if floor is None else min(low[1], floor)
    size = np.array([high[0] - low[0], high[1] - bottom]) / (0.55 if follows else 0.84)
    height = float(max(size[1], size[0] / aspect))
    middle = (bottom + high[1]) / 2
    if follows and floor is not None:
        middle = floor + 0.34 * height  # the floor stands at a sixth of the picture's height
    return Framing((float(low[0] + high[0]) / 2, float(middle)), height * aspect, height, follows, floor)
