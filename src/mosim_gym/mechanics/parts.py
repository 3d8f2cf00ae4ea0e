"""The parts of a `Robot`: tables of bodies, joints, geoms and so on, in MuJoCo's order. SI units, quaternions `(w, x, y, z)`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np

from mosim_gym.mechanics.names import UnknownName

Array = np.ndarray


class JointType(IntEnum):
    """How a joint moves its body; the numbers are MuJoCo's."""

    FREE = 0
    BALL = 1
    SLIDE = 2
    HINGE = 3

    @property
    def qpos_size(self) -> int:
        """Numbers in `qpos`."""
        return {JointType.FREE: 7, JointType.BALL: 4}.get(self, 1)

    @property
    def dof_size(self) -> int:
        """Numbers in `qvel`."""
        return {JointType.FREE: 6, JointType.BALL: 3}.get(self, 1)


class GeomType(IntEnum):
    """Shape of a geom; the numbers are MuJoCo's."""

    PLANE = 0
    HFIELD = 1
    SPHERE = 2
    CAPSULE = 3
    ELLIPSOID = 4
    CYLINDER = 5
    BOX = 6
    MESH = 7


@dataclass(frozen=True, eq=False)
class Group:
    """Parts of one kind, in MuJoCo's order. Each field has one row for each name."""

    names: tuple[str, ...]

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.names)

    @cached_property
    def _lookup(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names) if name}

    def index(self, name: str) -> int:
        """The row of `name`. `"#3"` is row 3, for parts without a name. An unknown name raises `KeyError` with the valid ones."""
        if isinstance(name, str) and name.startswith("#") and name[1:].isdecimal() and int(name[1:]) < len(self):  # pyright: ignore[reportUnnecessaryIsInstance]
            return int(name[1:])
        try:
            return self._lookup[name]
        except (KeyError, TypeError):
            many = type(self).__name__.lower()
            one = f"{many[:-3]}y" if many.endswith("ies") else many.removesuffix("s")
            hint = "" if isinstance(name, str) else f"It takes a name, not {type(name).__name__}."  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UnknownName(one, name, list(self._lookup), hint=hint) from None


@dataclass(frozen=True, eq=False)
class Bodies(Group):
    """The tree of rigid bodies; row 0 is the world."""

    parent: Array
    pos: Array  # (n, 3) origin in the parent's frame, m
    quat: Array  # (n, 4) orientation in the parent's frame
    ipos: Array  # (n, 3) centre of mass in the body's frame, m
    iquat: Array  # (n, 4) principal axes of inertia in the body's frame
    mass: Array  # (n,) kg
    inertia: Array  # (n, 3) principal moments, kg m²


@dataclass(frozen=True, eq=False)
class Joints(Group):
    """Joints in the order in which they move their bodies."""

    type: Array  # JointType
    body: Array
    qpos_start: Array
    dof_start: Array
    pos: Array  # (n, 3) anchor in the body's frame, m
    axis: Array  # (n, 3) unit axis in the body's frame
    limited: Array  # bool
    range: Array  # (n, 2) rad or m
    stiffness: Array  # N m / rad or N / m


@dataclass(frozen=True, eq=False)
class Dofs(Group):
    """Degrees of freedom, the entries of `qvel`, named after their joint. Those of a free or a ball joint have a suffix."""

    joint: Array
    body: Array
    damping: Array
    armature: Array


@dataclass(frozen=True, eq=False)
class Geoms(Group):
    """Shapes fixed in bodies."""

    type: Array  # GeomType
    body: Array
    pos: Array  # (n, 3) in the body's frame
    quat: Array  # (n, 4)
    size: Array  # (n, 3) as in MuJoCo: radius, half lengths
    contype: Array
    conaffinity: Array
    rgba: Array  # (n, 4)
    group: Array


@dataclass(frozen=True, eq=False)
class Sites(Group):
    """Points of interest fixed in bodies."""

    type: Array
    body: Array
    pos: Array
    quat: Array
    size: Array


@dataclass(frozen=True, eq=False)
class Contacts(Group):
    """Each pair of a point that can touch and a static plane it can touch.

    A capsule has its two end points with the capsule's radius, a sphere its centre, a box its eight corners. Any other
    shape has the centre of its bounding sphere. The plane is `normal · x = offset` in the world.
    """

    body: Array
    pos: Array  # (n, 3) in the body's frame
    quat: Array  # identity, so that a contact can be asked for like a site
    radius: Array
    geom: Array
    plane: Array  # index of the plane's geom
    normal: Array  # (n, 3)
    offset: Array


@dataclass(frozen=True, eq=False)
class Tendons(Group):
    """Fixed tendons, with length = coefficients · qpos. Spatial tendons, which `Paths` describes, have zeros, and `spatial` is set."""

    coefficients: Array  # (n, nq)
    limited: Array
    range: Array
    spatial: Array


@dataclass(frozen=True, eq=False)
class Paths(Group):
    """What spatial tendons run through, tendon by tendon and in order: sites, spheres and cylinders that they wrap around, and pulleys.

    A row is a site, or a geom with the site on whose side of it the tendon stays, or a pulley, from which on lengths count 1 / divisor.
    What a row is not is -1, a divisor 0.
    """

    tendon: Array
    site: Array
    geom: Array
    side: Array
    divisor: Array


def no_paths() -> Paths:
    """The paths of a robot without spatial tendons."""
    none = np.zeros(0, np.int32)
    return Paths((), none, none, none, none, np.zeros(0))


@dataclass(frozen=True, eq=False)
class Actuators(Group):
    """Actuators. A control outside `range` is clipped to it."""

    limited: Array
    range: Array  # (n, 2)
    gear: Array  # (n, 6)


@dataclass(frozen=True, eq=False)
class Servos(Group):
    """Actuators whose force follows the state: `gain · control + bias · (1, length, rate)`, clipped to `range` where it is `limited`.

    The length is `lengths · qpos` and its rate `rates · qvel`, both with the actuator's gear. Names are those of the actuators.
    """

    actuator: Array
    gain: Array
    bias: Array  # (n, 3)
    limited: Array
    range: Array  # (n, 2) N m or N
    lengths: Array  # (n, nq)
    rates: Array  # (n, nv)


def no_servos() -> Servos:
    """The servos of a robot that has none."""
    none, table = np.zeros(0), np.zeros((0, 0))
    return Servos((), np.zeros(0, np.int32), none, table, np.zeros(0, bool), table, table, table)


@dataclass(frozen=True, eq=False)
class Sensors(Group):
    """The model's sensors. A row may span several numbers of the sensor data."""

    type: Array
    start: Array
    size: Array


@dataclass(frozen=True)
class Invariances:
    """Displacements of the whole robot on which its dynamics do not depend.

    `translations` names joints, or `joint.x|y|z` of a free joint, whose positions do not matter. `yaw` names the free joint (or a planar
    robot's hinge about gravity) whose heading does not matter.
    """

    translations: tuple[str, ...] = ()
    yaw: str | None = None


@dataclass(frozen=True, eq=False)
class ResetBank:
    """States in which the true task starts its episodes: `qpos (N, nq)`, `qvel (N, nv)`, float32."""

    qpos: Array
    qvel: Array
