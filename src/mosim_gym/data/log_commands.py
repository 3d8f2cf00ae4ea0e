"""Commands of logs beyond the ranges of their actuators, which training clips."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mosim_gym.data.log_findings import listed
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.robot import Robot

OFTEN = 0.01
"""Commands are named that are beyond the range in more than this share of the rows."""
ROUNDED = 1e-6  # of a range's ends, or of 1


class Clipped(NamedTuple):
    """The commands of an actuator: that which is furthest beyond the range, the range, and the share of rows that are beyond."""

    name: str
    furthest: float
    low: float
    high: float
    share: float


def clipped_commands(robot: Robot, logs: Logs) -> list[Clipped]:
    """One for each actuator of `robot` that has commands beyond its range in `logs`."""
    found: list[Clipped] = []
    for i, (low, high) in enumerate(zip(*robot.control_range, strict=True)):
        commands = logs.actions[:, i]
        room = ROUNDED * max([1.0, *(abs(float(end)) for end in (low, high) if np.isfinite(end))])
        share = float(((commands < low - room) | (commands > high + room)).mean())
        if share:
            ends = float(commands.min()), float(commands.max())
            furthest = ends[1] if ends[1] - high > low - ends[0] else ends[0]
            name = robot.actuators.names[i] or f"actuator {i}"
            found.append(Clipped(name, furthest, float(low), float(high), share))
    return found


def clipping(robot: Robot, logs: Logs) -> str | None:
    """What is clipped of the commands of `logs` in training, in a sentence; None where that is little."""
    said = [
        f"the commands of {one.name} reach {one.furthest:.3g}, and its range is {one.low:.4g} to {one.high:.4g}: "
        f"{100 * one.share:.0f} % of the rows are outside"
        for one in clipped_commands(robot, logs)
        if one.share > OFTEN
    ]
    if not said:
        return None
    return (
        f"In these logs {listed(said)}. Training clips such commands to the range: convert them to the unit of the actuator, or correct "
        "the range in the robot's file."
    )
