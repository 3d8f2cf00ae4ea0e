"""Which columns of a log are positions, velocities, actions, segments and time: by a mapping that is given, or guessed from names.

Guesses are made in this order: our own names (`qpos`), names of the robot's joints and actuators with usual additions (`elbow_pos`,
`cmd_shoulder`), and usual names of whole arrays (`joint_positions`). A family of columns such as `q_0, q_1` counts as one array `q`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mosim_gym.data.column_names import actuator_names, driven_joints, families, plain
from mosim_gym.data.importers.base import Table
from mosim_gym.data.importers.episodes import numbers_of
from mosim_gym.mechanics.names import UnknownName, said_choices
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.storage import FileFault

Given = Mapping[str, str | Sequence[str]]
OURS = ("qpos", "qvel", "action", "segment", "time", "time_step")
ARRAYS = OURS[:3]
SHOWN = 20  # columns in a message

_ARRAY_NAMES = {
    "qpos": ("positions", "position", "joint_positions", "joint_position", "joint_pos", "q", "pos", "observation.state", "state"),
    "qvel": ("velocities", "velocity", "joint_velocities", "joint_velocity", "joint_vel", "qd", "dq", "v", "vel", "observation.velocity"),
    "action": ("actions", "ctrl", "control", "controls", "command", "commands", "u", "torque", "torques", "tau", "cmd"),
}  # fmt: skip
_SINGLE_NAMES = {
    "segment": ("segment", "segment_id", "episode", "episode_index", "episode_id", "trajectory", "trial", "run"),
    "time": ("time", "timestamp", "timestamps", "t", "time_s", "stamp", "seconds"),
    "time_step": ("time_step", "timestep", "dt"),
}
_AFFIXES = {
    "qpos": ("pos", "position", "q", "qpos", "angle", "state", "p"),
    "qvel": ("vel", "velocity", "qd", "dq", "qvel", "speed", "v", "rate"),
    "action": ("cmd", "command", "torque", "action", "ctrl", "control", "u", "tau", "effort", "target"),
}
_PARTS = {
    ("qpos", JointType.FREE): ("x", "y", "z", "qw", "qx", "qy", "qz"),
    ("qpos", JointType.BALL): ("qw", "qx", "qy", "qz"),
    ("qvel", JointType.FREE): ("vx", "vy", "vz", "wx", "wy", "wz"),
    ("qvel", JointType.BALL): ("wx", "wy", "wz"),
}


@dataclass(frozen=True)
class Columns:
    """The names of columns in a table. `qpos`, `qvel` and `action` are one array, or one column for each number of a row.

    Empty names stand for what the table does not have.
    """

    qpos: tuple[str, ...]
    qvel: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    segment: str = ""
    time: str = ""
    time_step: str = ""
    by_joint: bool = False
    """Whether positions come from columns with the names of joints, so that the order of quaternions is known."""
    guessed: tuple[str, ...] = ()
    """Which of them were guessed, as `qpos from shoulder_pos, elbow_pos`."""


def find_columns(table: Table, robot: Robot, given: Given | None = None, *, velocities: bool = True) -> Columns:
    """The columns of `robot`'s motion in `table`, those of `given` (ours -> theirs) and the rest guessed.

    Without `velocities` a table needs none, and none are looked for. Raises `FileFault`, with the file and the columns that it has, where
    one is missing or there is not one for each number.
    """
    finder = _Finder(table, robot, dict(given or {}))
    found: dict[str, tuple[str, ...]] = {}
    for name, width in zip(ARRAYS, (robot.nq, robot.nv, robot.nu), strict=True):
        if name == "qvel" and not velocities:
            found[name] = ()
        else:
            found[name] = finder.array(name, width) if width else ()
    for ours in ARRAYS:
        if not found.get(ours) and ours not in finder.given:
            finder.refuse(ours, *(["actions"] if ours == "action" else []))
    if not found["qpos"]:
        raise FileFault(f"{table.source} has no positions of {robot.name}: {_map_them('qpos', finder)}")
    if robot.nu and not found["action"]:
        raise FileFault(f"{table.source} has no actions of {robot.name}: {_map_them('action', finder)}")
    return Columns(
        qpos=found["qpos"],
        qvel=found["qvel"],
        action=found["action"],
        segment=finder.single("segment"),
        time=finder.single("time"),
        time_step=finder.single("time_step"),
        by_joint=finder.by_joint,
        guessed=tuple(finder.guessed),
    )


class _Finder:
    """Finds columns in one table, and remembers what was guessed."""

    def __init__(self, table: Table, robot: Robot, given: dict[str, str | Sequence[str]]) -> None:
        unknown = next((name for name in given if name not in OURS), None)
        if unknown is not None:
            raise UnknownName("part of a log", unknown, OURS)
        self.table, self.robot, self.given = table, robot, given
        _check_once(table, given)
        self.guessed: list[str] = []
        self.by_joint = False
        self.missing: dict[str, list[str]] = {}
        self._families = families(table)
        self._plain = {plain(name): name for name in reversed(list(table.shapes))}
        self._taken = {name for theirs in given.values() for name in ([theirs] if isinstance(theirs, str) else theirs)}

    def array(self, ours: str, width: int) -> tuple[str, ...]:
        """The columns of an array of `width` numbers in a row; none where nothing looks like it."""
        if ours in self.given:
            theirs = self.given[ours]
            names = self._named(theirs) if isinstance(theirs, str) else tuple(map(self._existing, theirs))
            return self._fitting(ours, names, width)
        exact = self._named_or_none(ours) or (self._named_or_none("actions") if ours == "action" else None)
        if exact is not None:
            return self._fitting(ours, exact, width)
        found = self._by_parts(ours)
        if found is not None:
            self.by_joint |= ours == "qpos"
        else:
            usual = (self._named_or_none(name) for name in _ARRAY_NAMES[ours])
            found = next((names for names in usual if names is not None and self._width(names) == width), None)
        if found is not None:
            self.guessed.append(f"{ours} from {', '.join(found)}")
            self._taken.update(found)
        return found or ()

    def single(self, ours: str) -> str:
        """The column, or for `time_step` the constant, with this meaning; empty where there is none."""
        theirs = self.given.get(ours)
        there = [*self.table.shapes, *(self.table.constants if ours == "time_step" else ())]
        if theirs is not None:
            if not isinstance(theirs, str):
                raise ValueError(f"The part {ours} of a log is one column; {list(theirs)} are {len(theirs)}.")
            if theirs not in there:
                raise self._missing(theirs)
            return theirs
        rows = self.table.shapes
        name = next((name for name in _SINGLE_NAMES[ours] if name in there and len(rows.get(name, (0,))) == 1), "")
        if name and name != ours:
            self.guessed.append(f"{ours} from {name}")
        return name

    def _named_or_none(self, name: str) -> tuple[str, ...] | None:
        """The column `name`, that whose last part is `name`, or the family of columns `name_0`, `name_1` …"""
        if name in self._taken:
            return None
        if name in self.table.shapes:
            return (name,)
        if name in self._families:
            return self._families[name]
        ends = [
            column
            for column in self.table.shapes
            if re.split(r"[/.]", column)[-1] == name and column not in self._taken
        ]
        return (ends[0],) if len(ends) == 1 else None

    def _named(self, name: str) -> tuple[str, ...]:
        if name in self.table.shapes:
            return (name,)
        if name in self._families:
            return self._families[name]
        raise self._missing(name)

    def _existing(self, name: str) -> str:
        if name not in self.table.shapes:
            raise self._missing(name)
        return name

    def refuse(self, *names: str) -> None:
        """Raise `FileFault` if one of these is an array with too many axes."""
        for name in names:
            shape = self.table.refused.get(name)
            if shape is not None:
                raise FileFault(
                    f"{self.table.source}: {name!r} is an array of shape {shape}; a column has the shape (rows,) or (rows, numbers), with "
                    "all segments after one another and a column that tells them apart."
                )

    def _missing(self, name: str) -> FileFault:
        self.refuse(name)
        there = list(self.table.shapes)
        more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
        return FileFault(
            f"{self.table.source} has no column {name!r}. {said_choices(name, there[:SHOWN]).removesuffix('.')}{more}."
        )

    def _width(self, names: Sequence[str]) -> int:
        return sum((self.table.shapes[name][1:] or (1,))[0] for name in names)

    def _fitting(self, ours: str, names: tuple[str, ...], width: int) -> tuple[str, ...]:
        """`names`, if they have `width` numbers in a row."""
        found = self._width(names)
        if found != width:
            raise FileFault(
                f"{self.table.source}: {ours} has {found} numbers in a row ({_listed(names)}); {self.robot.name} has {width} "
                f"({_listed(_numbers_of(self.robot, ours))})."
            )
        self._taken.update(names)
        return names

    def _by_parts(self, ours: str) -> tuple[str, ...] | None:
        """A column for each joint or actuator, by its name with usual additions; None unless all are there."""
        robot = self.robot
        if ours == "action":
            joints = driven_joints(robot)
            names = robot.actuators.names
            singles = [
                self._one(ours, actuator_names(name)) or self._one(ours, [joint] if joint else [], bare=False)
                for name, joint in zip(names, joints, strict=True)
            ]
            self.missing[ours] = [name for name, column in zip(names, singles, strict=True) if column is None]
            return None if None in singles else tuple(name for name in singles if name is not None)
        found: list[str] = []
        missing = self.missing[ours] = []
        for name, kind in zip(robot.joints.names, robot.joints.type.tolist(), strict=True):
            parts = _PARTS.get((ours, JointType(kind)))
            if parts is None:
                column = self._one(ours, [name])
                columns = None if column is None else [column]
            else:
                columns = self._all_parts(name, parts)
            if columns is None:
                missing.append(name)
            else:
                found += columns
        return None if missing else tuple(found)

    def _one(self, ours: str, names: Sequence[str], *, bare: bool = True) -> str | None:
        """The column of one number of the part that has these names, alone (`bare`) or with what says what it is."""
        alone = [name for name in names if bare and ours != "qvel"]
        tried = [
            *(f"{n}_{a}" for n in names for a in _AFFIXES[ours]),
            *(f"{a}_{n}" for n in names for a in _AFFIXES[ours]),
            *alone,
        ]
        for name in tried:
            column = self._plain.get(plain(name))
            if name and column is not None and column not in self._taken and len(self.table.shapes[column]) == 1:
                return column
        return None

    def _all_parts(self, joint: str, parts: Sequence[str]) -> list[str] | None:
        """The columns of a free or ball joint: `joint_x` … or, for a robot with one such joint, `x` …"""
        for pattern in (f"{joint}_{{}}", "{}"):
            columns = [self._plain.get(plain(pattern.format(part))) for part in parts]
            if None not in columns:
                return [column for column in columns if column is not None]
        return None


def _check_once(table: Table, given: Given) -> None:
    """Raise `FileFault` if a column, or a part of it, is named for two of ours or twice for one."""
    owners: list[tuple[str, str, tuple[str, float, float]]] = []
    for ours, theirs in given.items():
        for name in [theirs] if isinstance(theirs, str) else theirs:
            whole, first, last = numbers_of(table, name)
            for owner, other, (theirs_whole, begin, end) in owners:
                if whole == theirs_whole and first < end and begin < last:
                    whose = f"{owner} and {ours}" if owner != ours else f"two numbers of {ours}"
                    both = f"{other!r} and {name!r} share numbers and are"
                    said = f"the column {name!r} is" if name == other else both
                    raise FileFault(f"{table.source}: {said} named for {whose}; name another one for each.")
            owners.append((ours, name, (whole, first, last)))


def _numbers_of(robot: Robot, ours: str) -> list[str]:
    """What the numbers of a row stand for."""
    return list({"qpos": robot.joints, "qvel": robot.dofs, "action": robot.actuators}[ours].names)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _map_them(ours: str, finder: _Finder) -> str:
    """Which joints or actuators have no column, and what to do."""
    robot, parts = finder.robot, "actuators" if ours == "action" else "joints"
    missing, everyone = finder.missing.get(ours, []), getattr(robot, parts).names
    if len(missing) < len(everyone):
        why = f"no column is named after the {parts} {_listed(missing)}, though others have theirs"
    else:
        why = f"no column is named so, nor after its {parts} {_listed(everyone)}"
    return f"{why}; give columns={{{ours!r}: …}} with some of {_listed(list(finder.table.shapes))}."
