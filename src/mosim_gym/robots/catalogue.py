"""All robots and tasks: the modules of this folder, and those that other packages offer in the entry-point group `mosim_gym.robots`."""

from __future__ import annotations

import pkgutil
import warnings
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.packages import MissingExtra
from mosim_gym.mechanics.registry import FAULTS
from mosim_gym.robots.building import build_robot
from mosim_gym.robots.definition import RobotDefinition
from mosim_gym.robots.task import Task

ENTRY_POINT_GROUP = "mosim_gym.robots"


def robot_definitions() -> dict[str, RobotDefinition]:
    """Every robot by name: those of this package in alphabetical order, then those of other packages.

    A robot whose source is in a package that is not installed is left out; `absent_robots` has it.
    """
    return _found()[0]


def absent_robots() -> dict[str, RobotDefinition]:
    """The robots by name that are left out because the package with their source is not installed."""
    return _found()[1]


@cache
def _found() -> tuple[dict[str, RobotDefinition], dict[str, RobotDefinition]]:
    """The robots that are there, and those that are absent."""
    found: dict[str, RobotDefinition] = {}
    origin: dict[str, str] = {}

    def add(definition: object, where: str) -> None:
        if not isinstance(definition, RobotDefinition):
            raise TypeError(
                f"{where} is a {type(definition).__name__}; the group {ENTRY_POINT_GROUP} needs a RobotDefinition."
            )
        if definition.name in found:
            raise ValueError(f"Two robots are named {definition.name!r}: {origin[definition.name]} and {where}.")
        found[definition.name], origin[definition.name] = definition, where

    for module in sorted(pkgutil.iter_modules([str(Path(__file__).parent)]), key=lambda m: m.name):
        content = import_module(f"mosim_gym.robots.{module.name}")
        for definition in getattr(content, "ROBOTS", (content.ROBOT,) if hasattr(content, "ROBOT") else ()):
            add(definition, content.__name__)
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name):
        where = f"entry point {entry.name} = {entry.value}"
        try:
            add(entry.load(), where)
        except FAULTS as error:  # one bad package must not break all others
            warnings.warn(f"The robot of {where} is left out: {error}", RuntimeWarning, stacklevel=3)
    absent = {name: d for name, d in found.items() if d.extra is not None and not d.extra.is_installed}
    return {name: definition for name, definition in found.items() if name not in absent}, absent


@cache
def task_classes() -> dict[str, tuple[RobotDefinition, type[Task]]]:
    """Every task by id, with its robot."""
    found: dict[str, tuple[RobotDefinition, type[Task]]] = {}
    for definition in robot_definitions().values():
        for task in definition.tasks:
            if task.id() in found:
                raise ValueError(
                    f"Two tasks have the id {task.id()!r}, of {found[task.id()][0].name} and {definition.name}."
                )
            found[task.id()] = (definition, task)
    return found


def tasks(tag: str | None = None) -> list[str]:
    """Ids of all tasks, or of those with `tag`."""
    return sorted(name for name, (_, task) in task_classes().items() if tag is None or tag in task.tags)


def find_robot(name: str) -> RobotDefinition:
    """The definition of robot `name`, with or without `@dt`. An unknown name raises `KeyError` with the valid ones.

    Raises `MissingExtra` for a robot whose source is in a package that is not installed.
    """
    definitions, known = robot_definitions(), name.partition("@")[0]
    if known in definitions:
        return definitions[known]
    absent = absent_robots()
    if known in absent:
        raise _missing(absent[known])
    raise UnknownName("robot", known, [*definitions, *_with_extras(absent.values(), list(absent))])


def find_task(task: str) -> tuple[RobotDefinition, type[Task]]:
    """The robot and the class of a task id. An unknown id raises `KeyError` with the valid ones."""
    _check_id(task)
    classes = task_classes()
    if task in classes:
        return classes[task]
    absent = {kind.id(): definition for definition in absent_robots().values() for kind in definition.tasks}
    if task in absent:
        raise _missing(absent[task])
    raise UnknownName("task", task, [*tasks(), *_with_extras(absent.values(), list(absent))])


def _missing(definition: RobotDefinition) -> MissingExtra:
    """What to raise for a robot that is absent."""
    assert definition.extra is not None
    return MissingExtra(definition.extra.distribution, definition.extra.name, f"the robot {definition.name}")


def _with_extras(definitions: Iterable[RobotDefinition], names: list[str]) -> list[str]:
    """`names`, each with the extra that the robot of that name or task needs."""
    extras = [definition.extra.name for definition in definitions if definition.extra is not None]
    return [f"{name} (with the extra {extra})" for name, extra in zip(names, extras, strict=True)]


def _check_id(task: object) -> None:
    if not isinstance(task, str):
        raise TypeError(f"task is of {type(task).__name__}; it must be a task's id, such as 'CheetahRun'.")


@cache
def load_robot(name: str) -> Robot:
    """The description of robot `name`. With `@dt`, as in `hopper@0.005`, its control steps last `dt` seconds.

    It is packaged, or built at the first call and kept, where an extra brings the robot's source.
    """
    definition = find_robot(name)
    if not definition.description_file.exists() and definition.extra is not None:
        build_robot(definition)
    if not definition.description_file.exists():
        raise FileNotFoundError(
            f"Robot {name!r} has not been built: {definition.description_file} is missing. "
            f"Run `mosim-gym build-robot {name}`."
        )
    robot = Robot.load(definition.description_file)
    _, timed, dt = name.partition("@")
    return _at(robot, dt) if timed else robot


def _at(robot: Robot, dt: str) -> Robot:
    """`robot` with control steps of `dt` seconds."""
    try:
        substeps = round(float(dt) / robot.physics_step)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{robot.name}@{dt}: {dt!r} is not a time in seconds; write for example {robot.name}@{robot.physics_step:g}."
        ) from None
    if substeps < 1 or abs(substeps * robot.physics_step - float(dt)) > 1e-9:
        raise ValueError(f"{dt} s is not a whole number of {robot.name}'s physics steps ({robot.physics_step} s).")
    if substeps == robot.substeps:
        return robot
    return replace(robot, name=f"{robot.name}@{float(dt):g}", substeps=substeps)


@cache
def sensor_columns(name: str) -> np.ndarray:
    """The columns of the sensor data of robot `name` whose numbers do not follow from its state."""
    sensors = load_robot(name).sensors
    rows = [sensors.index(sensor) for sensor in find_robot(name).sensors]
    parts = [np.arange(sensors.start[row], sensors.start[row] + sensors.size[row]) for row in rows]
    return np.concatenate([np.zeros(0), *parts]).astype(int)


@cache
def load_task(task: str) -> Task:
    """The task with this id, bound to its robot."""
    definition, kind = find_task(task)
    bound = kind(load_robot(definition.name))
    bound.sensor_count = len(sensor_columns(definition.name))
    return bound


def as_task(task: str | Task) -> Task:
    """`task` itself, or the catalogue's task with this id."""
    return task if isinstance(task, Task) else load_task(task)


def is_packaged(task: Task) -> bool:
    """Whether the catalogue has the class of `task`."""
    return task_classes().get(task.id(), (None, None))[1] is type(task)


def definition_of(robot: Robot) -> RobotDefinition | None:
    """The catalogue's definition of `robot`, at whichever control step; None for a robot that the catalogue does not have."""
    definition = robot_definitions().get(robot.name.partition("@")[0])
    if definition is None or not definition.description_file.exists():
        return None
    return definition if load_robot(definition.name).model_digest == robot.model_digest else None
