"""Logs whose rate differs from the control step of the robot: what is refused and said of them, and how their rate is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mosim_gym.data.log_findings import Finding, listed
from mosim_gym.data.log_times import UNITS
from mosim_gym.data.logs import Logs
from mosim_gym.data.resampling import thinned
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.robot_file import LONGEST, SAME
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots.catalogue import find_robot

MUCH = 1.2
"""Steps that differ by more than this factor are said to differ."""
FURTHEST = 100
"""Steps of a log and of a robot that differ by more than this factor are refused."""
SHORTEST = 1e-4
"""s: without a control step to compare it with, a log's step is refused below this, and above `LONGEST`."""
RARE = 1.0
"""s: a control step that is taken from a log and is longer may be of another unit."""


def check_against(source: str, step: float, robot: Robot) -> None:
    """Raise `FileFault` if a log with a row every `step` seconds cannot be of `robot`."""
    if not 0.999 / FURTHEST <= step / robot.control_step <= 1.001 * FURTHEST:
        raise FileFault(
            f"{source} has a row every {step:g} s, and the control step of {robot.name} is {robot.control_step:g} s: check the unit of "
            f"time ({_units()}) and the robot's timestep."
        )


def check_alone(source: str, step: float) -> None:
    """Raise `FileFault` if `step` seconds from row to row cannot be a control step."""
    if not SHORTEST * (1 - 1e-6) <= step <= LONGEST:
        raise FileFault(
            f"{source} has a row every {step:g} s: check the unit of time ({_units()}), or give the control step by "
            "Robot.from_file(…, timestep=…)."
        )


def check_unit_of(step: float) -> str | None:
    """What is said of a control step that was taken from a log and is longer than robots have; None for others."""
    if step <= RARE:
        return None
    return (
        f"The logs have a row every {step:.6g} s, which is the control step now: check the unit of time ({_units()})."
    )


class FileRate(NamedTuple):
    """A file, the seconds from row to row in it, and its rows after the import."""

    source: str
    step: float
    rows: int


def interpolated(robot: Robot, files: Sequence[FileRate]) -> str | None:
    """What share of the rows is interpolated, of which files, and how that is avoided; None where the rates of all are high enough."""
    slow = [file for file in files if too_slow(robot, file.step)]
    if not slow:
        return None
    share = sum(file.rows * (1 - robot.control_step / file.step) for file in slow) / sum(file.rows for file in files)
    alike: dict[str, list[FileRate]] = {}
    for file in files:
        alike.setdefault(f"{file.step:.3g}", []).append(file)
    way = way_out(robot, max(file.step for file in slow))
    if len(alike) == 1:
        said, advice = f"a row every {slow[0].step:.6g} s", f"keep the log's rate by {way}"
    else:
        rates = [
            f"{some[0].source}{f' and {len(some) - 1} more' if len(some) > 1 else ''} a row every {some[0].step:.6g} s"
            for some in alike.values()
        ]
        said, advice = (
            f"different rates ({listed(rates)})",
            f"import each rate by itself, or all at the lowest by {way}",
        )
    return (
        f"The logs have {said}, and {robot.name} steps every {robot.control_step:g} s, so that {100 * share:.0f} % of the rows are "
        f"interpolated: {advice}."
    )


def _units() -> str:
    """The choices of the unit of time, in words."""
    *some, last = map(repr, UNITS)
    return f"time_unit={', '.join(some)} or {last}"


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
