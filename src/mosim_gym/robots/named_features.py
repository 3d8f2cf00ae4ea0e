"""`NamedFeatures`: everything that a robot's state says, by name, for rewards and observations that are functions of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Never

from torch import Tensor

from mosim_gym.mechanics import ForwardKinematics, Quantity, Robot, quantities
from mosim_gym.mechanics.names import UnknownName, said_choices
from mosim_gym.mechanics.parts import Group
from mosim_gym.robots.task import Features

Part = Literal["site", "body", "geom"]
PARTS: tuple[Part, ...] = ("site", "body", "geom")
"""What may have a place, in the order in which a name is looked up."""


class Asked:
    """The quantities of `robot` that functions have asked for, by name. Each is computed alone where nobody has computed it."""

    def __init__(self, robot: Robot) -> None:
        """Nothing has been asked for yet."""
        self.robot = robot
        self.quantities: dict[str, Quantity] = {}
        self._alone: dict[str, ForwardKinematics] = {}

    def value(self, name: str, quantity: Quantity, features: Features) -> Tensor:
        """`quantity` in the states of `features`."""
        known: Mapping[str, Tensor] = features.values
        if name in known:
            return known[name]
        self.quantities[name] = quantity
        if name not in self._alone:
            self._alone[name] = ForwardKinematics(self.robot, {name: quantity})
        return self._alone[name](features.qpos, features.qvel)[name]


class NamedFeatures:
    """A batch of B states by names. Everything is a tensor, batch first, differentiable, in SI units and the world's frame.

    A name of a part is looked up among sites, then bodies, then geoms; `of="geom"` looks among geoms alone.
    """

    __slots__ = ("_asked", "_features", "_goal")

    def __init__(self, features: Features, goal: Tensor, asked: Asked) -> None:
        """`goal (B, k)` are the goals of the episodes. Quantities that `features` does not hold are noted in `asked`."""
        self._features, self._asked = features, asked
        self._goal = goal

    def __getattr__(self, name: str) -> Never:
        """Raise `AttributeError` with the names that there are."""
        valid = [known for known in dir(NamedFeatures) if not known.startswith("_")]
        raise AttributeError(f"features has no {name!r}. {said_choices(name, valid)}")

    @property
    def robot(self) -> Robot:
        """The robot."""
        return self._asked.robot

    @property
    def qpos(self) -> Tensor:
        """All positions `(B, nq)`, rad or m; quaternions are `(w, x, y, z)`."""
        return self._features.qpos

    @property
    def qvel(self) -> Tensor:
        """All velocities `(B, nv)`, rad/s or m/s."""
        return self._features.qvel

    @property
    def goal(self) -> Tensor:
        """The goals of the episodes `(B, k)`."""
        if not self._goal.shape[-1]:
            raise ValueError(
                "features.goal: there are no goals; give make_env a function goal(generator, n) that draws them."
            )
        return self._goal

    def joint(self, name: str) -> Tensor:
        """The position of a hinge or slide `(B,)`, rad or m; of a ball joint its quaternion `(B, 4)`, of a free joint `(B, 7)`."""
        return _column(self.qpos, self.robot.qpos_indices(name))

    def joint_velocity(self, name: str) -> Tensor:
        """The velocity of a hinge or slide `(B,)`, rad/s or m/s; of a ball joint `(B, 3)`, of a free joint `(B, 6)`."""
        return _column(self.qvel, self.robot.qvel_indices(name))

    def position(self, name: str, of: Part | None = None) -> Tensor:
        """The place of a site, body or geom `(B, 3)`, m."""
        part = self._part(name, of)
        return self._value(f"position of {part} {name}", quantities.position(part, name))

    def velocity(self, name: str, of: Part | None = None) -> Tensor:
        """The velocity of a site, body or geom `(B, 3)`, m/s."""
        part = self._part(name, of)
        return self._value(f"velocity of {part} {name}", quantities.velocity(part, name))

    def angular_velocity(self, name: str, of: Part | None = None) -> Tensor:
        """The angular velocity of a site, body or geom `(B, 3)`, rad/s."""
        part = self._part(name, of)
        return self._value(f"angular velocity of {part} {name}", quantities.angular_velocity(part, name))

    def orientation(self, name: str, of: Part | None = None) -> Tensor:
        """The rotation of a site, body or geom `(B, 3, 3)`: `[:, :, k]` is its axis k in the world."""
        part = self._part(name, of)
        return self._value(f"rotation of {part} {name}", quantities.rotation(part, name))

    def up(self, name: str, of: Part | None = None) -> Tensor:
        """The direction in the world of the z axis of a site, body or geom `(B, 3)`. `up("torso")[:, 2]` is 1 where it is upright."""
        return self.orientation(name, of)[..., 2]

    def centre_of_mass(self, body: str | None = None) -> Tensor:
        """The centre of mass of the whole robot, or of a body and all bodies below it `(B, 3)`, m."""
        return self._value(f"centre of mass of {body}", quantities.subtree_com(self._body(body)))

    def centre_of_mass_velocity(self, body: str | None = None) -> Tensor:
        """The velocity of that centre of mass `(B, 3)`, m/s."""
        return self._value(f"velocity of centre of mass of {body}", quantities.subtree_velocity(self._body(body)))

    def _value(self, name: str, quantity: Quantity) -> Tensor:
        return self._asked.value(name, quantity, self._features)

    def _part(self, name: str, of: Part | None) -> Part:
        """What `name` is the name of."""
        if of is not None and of not in PARTS:
            raise UnknownName("part", of, list(PARTS))
        looked = PARTS if of is None else (of,)
        tables: dict[Part, Group] = {part: _table(self.robot, part) for part in looked}
        for part, table in tables.items():
            if name in table.names:
                return part
        valid = [known for table in tables.values() for known in table.names if known]
        raise UnknownName(
            ", ".join(looked[:-1]) + " or " * (len(looked) > 1) + looked[-1], name, list(dict.fromkeys(valid))
        )

    def _body(self, name: str | None) -> str:
        if name is None:
            return "#0"  # the world, below which is everything
        self.robot.bodies.index(name)
        return name


def _table(robot: Robot, part: Part) -> Group:
    return {"site": robot.sites, "body": robot.bodies, "geom": robot.geoms}[part]


def _column(values: Tensor, where: slice) -> Tensor:
    """The columns `where`; without their axis if it is a single one."""
    return values[..., where.start] if where.stop - where.start == 1 else values[..., where]
