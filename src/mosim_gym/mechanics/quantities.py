"""Quantities of forward kinematics: declared by name once, computed together in one pass.

A quantity of one name has shape `(..., 3)`, a rotation `(..., 3, 3)`. For a sequence of n names the shapes are `(..., n, 3)` and
`(..., n, 3, 3)`. Everything is in the world's frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["position", "rotation", "velocity", "angular_velocity"]
Object = Literal["body", "mass", "geom", "tip", "site", "contact", "subtree", "joint"]
"""`tip`: where a capsule's axis ends on the side of its z axis; a sphere's is its centre. `joint`: the anchor and the frame that turns."""


@dataclass(frozen=True)
class Quantity:
    """`kind` of the objects `names`; `single` drops the axis over names.

    A position or velocity with an `origin`, as many objects of one kind, is relative to these.
    """

    kind: Kind
    object: Object
    names: tuple[str, ...]
    single: bool
    origin: tuple[Object, tuple[str, ...]] | None = None

    @property
    def needs_velocity(self) -> bool:
        """Whether `qvel` is needed."""
        return self.kind in ("velocity", "angular_velocity")


def _ask(kind: Kind, object: Object, names: str | Sequence[str]) -> Quantity:
    single = isinstance(names, str)
    if not names:
        raise ValueError(f"A {kind} of {object}s needs at least one name.")
    return Quantity(kind, object, (names,) if single else tuple(names), single)


def position(object: Object, names: str | Sequence[str]) -> Quantity:
    """Position of the object's origin, m (`xpos`, `geom_xpos`, `site_xpos`)."""
    return _ask("position", object, names)


def rotation(object: Object, names: str | Sequence[str]) -> Quantity:
    """Rotation matrix of the object's frame (`xmat`, `geom_xmat`, `site_xmat`): `[..., i, k]` is component i of axis k."""
    return _ask("rotation", object, names)


def velocity(object: Object, names: str | Sequence[str]) -> Quantity:
    """Linear velocity of the object's origin, m/s (`mj_objectVelocity`, world axes)."""
    return _ask("velocity", object, names)


def angular_velocity(object: Object, names: str | Sequence[str]) -> Quantity:
    """Angular velocity of the object's frame, rad/s, in world axes."""
    return _ask("angular_velocity", object, names)


def centre_of_mass(names: str | Sequence[str]) -> Quantity:
    """Centre of mass of a body alone, m (`xipos`)."""
    return _ask("position", "mass", names)


def subtree_com(names: str | Sequence[str]) -> Quantity:
    """Centre of mass of a body and all bodies below it, m (`subtree_com`)."""
    return _ask("position", "subtree", names)


def subtree_velocity(names: str | Sequence[str]) -> Quantity:
    """Velocity of the centre of mass of a body and all bodies below it, m/s (`subtree_linvel`)."""
    return _ask("velocity", "subtree", names)


def relative_position(object: Object, names: Sequence[str], origin: Object, origins: Sequence[str]) -> Quantity:
    """The way to each object's origin from that of another, m."""
    return Quantity("position", object, tuple(names), single=False, origin=(origin, tuple(origins)))


def relative_velocity(object: Object, names: Sequence[str], origin: Object, origins: Sequence[str]) -> Quantity:
    """The rate of that way, m/s."""
    return Quantity("velocity", object, tuple(names), single=False, origin=(origin, tuple(origins)))
