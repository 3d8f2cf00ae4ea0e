"""Logs whose rate differs from the control step of the robot: what is said of them, and how their rate is kept."""

from __future__ import annotations

from mosim_gym.data.log_findings import Finding
from mosim_gym.data.logs import Logs
from mosim_gym.data.resampling import thinned
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.robot_file import SAME
from mosim_gym.robots.catalogue import find_robot

MUCH = 1.2
"""Steps that differ by more than this factor are said to differ."""


def too_slow(robot: Robot, step: float) -> bool:
    """Whether rows every `step` seconds are much further apart than the control steps of `robot`, so that most are interpolated."""
    return step > MUCH * robot.control_step


def way_out(robot: Robot, step: float) -> str:
    """How rows keep the rate of a log that has one every `step` seconds."""
    name, timestep = robot.name.partition("@")[0], f"{step:.6g}"
    substeps = round(step / robot.physics_step)
    try:
        find_robot(name)
    except UnknownName:
        substeps = 0
    if substeps and abs(substeps * robot.physics_step - float(timestep)) < SAME:
        return f"robot='{name}@{timestep}'"
    return f"Robot.from_file(…, timestep={timestep})"


def as_logged(logs: Logs) -> Logs:
    """The logs without most of the rows that resampling made between those of the files."""
    return logs if logs.logged_step is None else thinned(logs, round(logs.logged_step / logs.control_step))


def rate(logs: Logs) -> Finding | None:
    """What resampling did to logs of a much lower rate than the robot's."""
    step = logs.logged_step
    if step is None or not too_slow(logs.robot, step):
        return None
    return Finding(
        "rate",
        f"rows were logged every {1000 * step:.4g} ms and resampled every {1000 * logs.control_step:.4g} ms; noise, lag, duplicates and "
        "outliers are those of the rows that were logged",
        f"Keep the log's rate by {way_out(logs.robot, step)}, and import again.",
    )
