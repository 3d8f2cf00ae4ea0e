"""`open_robot`: the robot that a user names."""

from __future__ import annotations

from mosim_gym.mechanics.robot import Robot
from mosim_gym.robots.catalogue import load_robot


def open_robot(name: str) -> Robot:
    """The packaged robot `name`, such as `cheetah` or `hopper@0.005`. An unknown name raises `KeyError` with the valid ones."""
    return load_robot(name)
