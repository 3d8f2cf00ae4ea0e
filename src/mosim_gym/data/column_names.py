"""Names of columns as people write them: families such as `q_0, q_1`, and the names by which actuators and their joints are known."""

from __future__ import annotations

import re

from mosim_gym.data.importers.base import Table
from mosim_gym.mechanics.robot import Robot

_MEMBER = re.compile(r"(.*?)[_.\[]?(\d+)\]?")


def families(table: Table) -> dict[str, tuple[str, ...]]:
    """The names of columns `name_0, name_1, …`, by `name` and in the order of their numbers, which follow one another from 0 or 1."""
    members: dict[str, list[tuple[int, str]]] = {}
    for column, shape in table.shapes.items():
        found = _MEMBER.fullmatch(column)
        if found is not None and found[1] and len(shape) == 1:
            members.setdefault(found[1], []).append((int(found[2]), column))
    whole = {}
    for name, family in members.items():
        family.sort()
        numbers = [number for number, _ in family]
        if numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            whole[name] = tuple(column for _, column in family)
    return whole


def plain(name: str) -> str:
    """A name without differences of writing: `Left Knee.pos` is `left_knee_pos`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def actuator_names(name: str) -> list[str]:
    """An actuator's name, and what is left of it without what says that it is one."""
    short = re.sub(r"^(motor|actuator|act)_|_(motor|actuator|act)$", "", plain(name))
    return [name] if short == plain(name) else [name, short]


def driven_joints(robot: Robot) -> list[str]:
    """The joint of each actuator, by the robot's description or by the actuator's name; empty where there is none of its own."""
    joints = {name: set(plain(name).split("_")) for name in robot.joints.names if name}
    found: list[str] = []
    for name, said in zip(robot.actuators.names, robot.driven or ("",) * robot.nu, strict=True):
        words = set(plain(name).split("_"))
        named = [joint for joint, theirs in joints.items() if theirs <= words]
        found.append(said or (named[0] if len(named) == 1 else ""))
    return [joint if found.count(joint) == 1 else "" for joint in found]
