"""Pictures of what `logs.report()` says: coverage, commands, rate, noise, lag, and a few seconds of motion."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from mosim_gym.data.lag import explained_by_shift
from mosim_gym.data.log_quality import NOISY, implied_steps, noise_of_velocities
from mosim_gym.data.logs import Logs
from mosim_gym.evaluation.motion_quantities import commands, positions, speeds
from mosim_gym.mechanics.storage import check_folder
from mosim_gym.pictures.log_plots import Quantity, histogram_plot, lag_plot, motion_plot, noise_plot, step_plot

SECONDS = 4.0
"""Of a segment, that are drawn."""


def draw_logs(logs: Logs, folder: str | PathLike[str]) -> list[Path]:
    """Write the pictures of `logs` into `folder`, and return their paths.

    They are `positions.png`, `speeds.png`, `rate.png`, `noise.png` and `segment.png`; of robots with actuators `commands.png`, too, and
    `lag.png` where there are rows enough to estimate a lag.
    """
    place, robot = Path(folder), logs.robot
    check_folder(place)
    said = f"{logs.seconds:.1f} s of {robot.name}"
    _, shares = noise_of_velocities(logs)
    names = [quantity.name for quantity in speeds(robot, logs.qvel[:1])]
    drawn = [
        histogram_plot(place / "positions.png", positions(robot, logs.qpos), f"Positions in {said}"),
        histogram_plot(place / "speeds.png", speeds(robot, logs.qvel), f"Speeds in {said}"),
        step_plot(place / "rate.png", implied_steps(logs), logs.control_step, logs.lengths * logs.control_step),
        noise_plot(place / "noise.png", dict(zip(names, shares.tolist(), strict=True)), NOISY),
        draw_segment(logs, place / "segment.png"),
    ]
    if robot.nu:
        drawn.append(histogram_plot(place / "commands.png", commands(robot, logs.actions), f"Commands in {said}"))
    shifts = explained_by_shift(logs)
    if shifts is not None:
        lag = shifts.lag
        known = (lag.seconds, lag.spread) if lag.known else None
        drawn.append(lag_plot(place / "lag.png", shifts.seconds, shifts.explained, known, logs.control_step))
    return drawn


def draw_segment(logs: Logs, path: str | PathLike[str], segment: int | None = None, seconds: float = SECONDS) -> Path:
    """Write a picture of the first `seconds` of a segment, by default of the longest one, to `path`."""
    number = longest(logs) if segment is None else segment
    motion = logs[number]
    rows = max(2, min(len(motion.qpos), round(seconds / logs.control_step) + 1))
    lengths, angles = _by_unit(positions(logs.robot, motion.qpos[:rows]), "m")
    linear, angular = _by_unit(speeds(logs.robot, motion.qvel[:rows]), "m/s")
    groups = {
        "places (m)": lengths,
        "angles (rad)": angles,
        "speeds (m/s)": linear,
        "speeds (rad/s)": angular,
        "commands": commands(logs.robot, motion.actions[: rows - 1]),
    }
    title = f"{logs.robot.name}: {logs.sources[number]}"
    return motion_plot(Path(path), np.arange(rows) * logs.control_step, groups, title)


def longest(logs: Logs) -> int:
    """The number of the longest segment."""
    return int(logs.lengths.argmax())


def _by_unit(quantities: list[Quantity], unit: str) -> tuple[list[Quantity], list[Quantity]]:
    """Those with this unit, and the others. A panel names its unit, so that their labels need none."""
    plain = [(quantity.unit == unit, quantity._replace(unit="")) for quantity in quantities]
    return [one for own, one in plain if own], [one for own, one in plain if not own]
