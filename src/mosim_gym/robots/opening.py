"""`open_robot`: the robot that a user names, or whose file a user names."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path

from mosim_gym.mechanics.robot import Robot
from mosim_gym.robots.catalogue import load_robot

FILES = (".xml", ".mjcf", ".urdf")


def open_robot(name: str, timestep: float | None = None) -> Robot:
    """The packaged robot `name`, such as `cheetah` or `hopper@0.005`, or the robot in the MJCF or URDF file of that name.

    `timestep` is a file's control step in s; by default the file's physics step. An unknown name raises `KeyError` with the valid ones.
    """
    if names_file(name):
        return Robot.from_file(name, timestep)
    if timestep is not None:
        raise ValueError(f"timestep is for robots from files; a packaged one has its own, as in {name}@0.005.")
    return load_robot(name)


def as_robot(robot: object, step: float | None = None) -> Robot:
    """`robot` itself, or the one that is packaged or lies in a file under this name; that of a file has control steps of `step` seconds."""
    if isinstance(robot, Robot):
        return robot
    if not isinstance(robot, str | PathLike):
        raise TypeError(
            f"robot is {robot!r}; it must be a Robot, the name of a packaged one, or the path of an MJCF or URDF file."
        )
    name = os.fspath(robot)
    return open_robot(str(name), step if names_file(robot) else None)


def names_file(robot: object) -> bool:
    """Whether `robot` is the path of an MJCF or URDF file."""
    return isinstance(robot, str | PathLike) and Path(os.fsdecode(robot)).suffix.lower() in FILES
