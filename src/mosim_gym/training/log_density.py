"""`train_density`: the density of logged motion, for penalties in a model that was learned from the same logs."""

from __future__ import annotations

import time
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import torch

from mosim_gym.data.log_files import opened_logs
from mosim_gym.data.logs import Logs
from mosim_gym.density.coordinates import MinimalCoordinates
from mosim_gym.density.flow import FlowConfig
from mosim_gym.density.motion_density import STATES_AND_ACTIONS, MotionDensity, density_coordinates
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.numbers import check_seed, is_finite
from mosim_gym.mechanics.robot_file import MEASURED
from mosim_gym.mechanics.seal import digest
from mosim_gym.robots.opening import as_robot
from mosim_gym.training.flow_fitting import Report, fit_flow
from mosim_gym.training.log_checks import check_learnable, check_logs, warn_of_clipping
from mosim_gym.training.pacing import SAVE_SECONDS

SMALL = FlowConfig(blocks=6, width=32)
"""For logs, which have less motion than simulations."""


def train_density(
    robot: Robot | str | PathLike[str],
    data: Logs | str | PathLike[str],
    budget: float | str = "2m",
    seed: int = 0,
    folder: str | PathLike[str] | None = None,
    *,
    held_out: float | Logs = 0.1,
    config: FlowConfig | None = None,
    steps: int | None = None,
    save_every: float = SAVE_SECONDS,
    of: str = STATES_AND_ACTIONS,
    report: Report = lambda _: None,
) -> MotionDensity:
    """The density of the states and commands in the logs `data` of `robot`, fitted in about `budget`: seconds, or text such as `"2m"`.

    Its quantiles, which set the threshold of a penalty, are those of `held_out`: a share of the motion in whole segments, or logs. `robot`
    is the model's, or what `train` got. `DensityPenalty(density)` uses the density, and so does the penalty `"density"` of a model whose
    `density` it is. With `of="states"` commands are left out. A fit in `folder` that was interrupted goes on.
    """
    limit = seconds(budget) if isinstance(budget, str) else budget
    if not is_finite(limit) or limit <= 0:
        raise ValueError(f"budget is {budget!r}; it must be a positive number of seconds, or text such as '2m'.")
    check_seed(seed)
    data = opened_logs(data)
    given = replace(as_robot(robot, data.control_step), integrator=MEASURED)
    check_logs(given, data)
    split = isinstance(held_out, int | float)
    learned, kept = data.split(held_out, seed) if split else (data, check_logs(given, held_out, "held_out"))
    check_learnable(given, learned, kept)
    warn_of_clipping(given, data)
    place = None if folder is None else Path(folder)
    return fit_log_density(
        given,
        learned,
        kept,
        limit,
        seed,
        place,
        config=config,
        steps=steps,
        save_every=save_every,
        of=of,
        report=report,
    )


def fit_log_density(
    robot: Robot,
    learned: Logs,
    held_out: Logs,
    budget: float,
    seed: int,
    folder: Path | None,
    *,
    config: FlowConfig | None = None,
    steps: int | None = None,
    save_every: float = SAVE_SECONDS,
    of: str = STATES_AND_ACTIONS,
    report: Report = lambda _: None,
) -> MotionDensity:
    """As `train_density`, of a split that is made already, for a model of `robot` as it is. `budget` is in seconds."""
    started = time.monotonic()
    coordinates = density_coordinates(robot, of)
    points, others = (_points(coordinates, logs) for logs in (learned, held_out))
    density = fit_flow(
        robot,
        points,
        others,
        {"robot": robot.fingerprint, "data": digest({"learned": points.numpy(), "held_out": others.numpy()})[:16]},
        budget=budget,
        config=config or SMALL,
        seed=seed,
        steps=steps,
        folder=folder,
        already=time.monotonic() - started,
        save_every=save_every,
        of=of,
        report=report,
    )
    density.card = {"recipe": None, "seconds_of_motion": round(learned.seconds, 3), **density.card}
    return density


def _points(coordinates: MinimalCoordinates, logs: Logs) -> torch.Tensor:
    """The states before all control steps, with the commands there as the actuators take them, in minimal coordinates."""
    rows = np.delete(np.arange(len(logs.qpos)), logs.starts[1:] - 1)
    commands = np.clip(logs.actions[rows], *coordinates.robot.control_range)
    return coordinates(
        *(
            torch.from_numpy(np.ascontiguousarray(part, np.float32))
            for part in (logs.qpos[rows], logs.qvel[rows], commands)
        )
    )
