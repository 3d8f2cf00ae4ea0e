"""`tendon_parts`: the parts of spatial tendons between neighbouring sites, each straight or around one geom; and which tendons act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from mosim_gym.mechanics.kinematics import ForwardKinematics
from mosim_gym.mechanics.quantities import position
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.typed_torch import vector_norm

SHORTEST = 1e-9  # m, so that the direction between two points that coincide is a number


class Part(NamedTuple):
    """From the site `start` to the site `end`, of the tendon `tendon`, whose length counts 1 / `divisor`.

    It goes around `geom`, on the side of the site `side`; both are -1 where there is none.
    """

    tendon: int
    start: int
    end: int
    geom: int
    side: int
    divisor: float


def tendon_parts(robot: Robot, tendons: Sequence[int]) -> list[Part]:
    """All parts of `tendons`, which are rows of `robot.tendons`."""
    paths, found = robot.paths, list[Part]()
    for tendon in tendons:
        site, geom, side, divisor = -1, -1, -1, 1.0
        for row in np.flatnonzero(paths.tendon == tendon):
            if paths.divisor[row] > 0:
                site, divisor = -1, float(paths.divisor[row])
            elif paths.geom[row] >= 0:
                geom, side = int(paths.geom[row]), int(paths.side[row])
            else:
                if site >= 0:
                    found.append(Part(tendon, site, int(paths.site[row]), geom, side, divisor))
                site, geom, side = int(paths.site[row]), -1, -1
    return found


def moving_body(robot: Robot, body: int) -> int:
    """The body that moves `body`: itself, or the first above it that has a joint; the world is 0."""
    while body and not (robot.joints.body == body).any():
        body = int(robot.bodies.parent[body])
    return body


def joints_above(robot: Robot) -> np.ndarray:
    """`(bodies, joints)`: whether a joint moves a body."""
    parent = robot.bodies.parent
    found = robot.joints.body == np.arange(len(parent))[:, None]
    for body in range(1, len(parent)):
        found[body] |= found[parent[body]]
    return found


def is_still(robot: Robot, part: Part) -> bool:
    """Whether a part is straight and no joint moves one of its ends against the other."""
    first, last = (moving_body(robot, int(robot.sites.body[site])) for site in (part.start, part.end))
    return part.geom < 0 and first == last


def may_be_inside(robot: Robot, part: Part) -> bool:
    """Whether the side on which a part stays may lie inside its geom: it does at `qpos0`, or moves against it."""
    if part.side < 0:
        return False
    bodies = int(robot.sites.body[part.side]), int(robot.geoms.body[part.geom])
    if moving_body(robot, bodies[0]) != moving_body(robot, bodies[1]):
        return True
    wanted = {"side": position("site", f"#{part.side}"), "geom": position("geom", f"#{part.geom}")}
    found = ForwardKinematics(robot, wanted)(torch.tensor(robot.qpos0)[None])
    return float(vector_norm(found["side"] - found["geom"], dim=-1)) < robot.geoms.size[part.geom, 0] + SHORTEST


def lengths_at_rest(robot: Robot, parts: Sequence[Part]) -> np.ndarray:
    """The lengths of parts that never change, at `qpos0`."""
    if not parts:
        return np.zeros(0)
    ends = {end: position("site", [f"#{getattr(part, end)}" for part in parts]) for end in ("start", "end")}
    found = ForwardKinematics(robot, ends)(torch.tensor(robot.qpos0)[None])
    return vector_norm(found["start"] - found["end"], dim=-1)[0].numpy()


def acting_tendons(robot: Robot) -> tuple[str, ...]:
    """The spatial tendons of `robot` that an actuator pulls or that have limits, if joints move them and their paths are known."""
    known = {tendon_name(robot, row): row for row in dict.fromkeys(robot.paths.tendon.tolist())}
    acting = {name for name, row in known.items() if robot.tendons.limited[row] and robot.limit_enabled}
    acting |= set(robot.pulled)
    return tuple(
        name
        for name, row in known.items()
        if name in acting and not all(is_still(robot, part) for part in tendon_parts(robot, [row]))
    )


def limited_tendons(robot: Robot, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the tendons `names` that have limits."""
    return tuple(name for name in names if robot.tendons.limited[robot.tendons.index(name)] and robot.limit_enabled)


def tendon_name(robot: Robot, row: int) -> str:
    """The name of a tendon, `#3` for row 3 without one."""
    return robot.tendons.names[row] or f"#{row}"
