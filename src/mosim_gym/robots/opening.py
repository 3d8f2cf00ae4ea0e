"""`open_robot`: the robot that a user names, or whose file a user names."""

from __future__ import annotations

from pathlib import Path

from mosim_gym.mechanics.robot import Robot
from mosim_gym.robots.catalogue import load_robot

FILES = (".xml", ".mjcf", ".urdf")


def open_robot(name: str, timestep: float | None = None) -> Robot:
    """The packaged robot `name`, such as `cheetah` or `hopper@0.005`, or the robot in the MJCF or URDF file of that name.

    `timestep` is a file's control step in s; by default the file's physics step. An unknown name raises `KeyError` with the valid ones.
    """
    if Path(name).suffix.lower() in FILES:
        return Robot.from_file(name, timestep)
    if timestep is not None:
        raise ValueError(f"timestep is for robots from files; a packaged one has its own, as in {name}@0.005.")
    return load_robot(name)
