"""Errors of open-loop predictions on logs: by joint and by horizon, beside holding still, constant velocity and a linear model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
import torch

from mosim_gym.data.dataset import Dataset
from mosim_gym.data.log_files import check_same_robot, opened_logs
from mosim_gym.data.logs import Logs
from mosim_gym.evaluation.floors import ConstantVelocity, HoldLast, LinearModel
from mosim_gym.evaluation.predicted import predicted
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics import Robot, difference
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import History, Segments
from mosim_gym.mechanics.numbers import is_finite
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.world_model import DynamicsModel, WorldModel, as_world_model
from mosim_gym.robots import load_robot
from mosim_gym.truth.dynamics import TrueDynamics
from mosim_gym.zoo import load

Array = np.ndarray
HORIZONS = (0.05, 0.1, 0.25, 0.5)
"""s"""
MOST = 2000
"""Windows, at even distances, if more of them fit into the logs."""
ROWS = 500
"""Windows that are predicted at once."""
ENOUGH = 5
"""Control steps for each unknown of the linear model, at least."""
SAME, ROUNDING = 0.01, 1e-9
"""The share by which horizons may differ from whole steps without a word, and rad or m below which an error is a rounding error."""


@dataclass(frozen=True)
class LoggedErrors:
    """Root mean square errors of positions over `windows` of logs, rad or m.

    `rmse[title]` is `(parts, horizons)`, with a row for each of `parts`: a hinge or a slide, the place or the rotation of a free joint, the
    rotation of a ball joint. The first title is that of the model; the others are floors. `horizons` are in s.
    """

    robot: str
    parts: tuple[str, ...]
    units: tuple[str, ...]
    horizons: tuple[float, ...]
    windows: int
    rmse: Mapping[str, Array]
    notes: tuple[str, ...] = ()
    """What was left out or rounded, a sentence each."""
    diverged: Mapping[str, float] = field(default_factory=dict[str, float])
    """The share of the windows in which a prediction is not finite, by title, where there are any. They are left out of its errors."""

    @property
    def titles(self) -> tuple[str, ...]:
        """Of the model, then of the floors."""
        return tuple(self.rmse)

    def overall(self, unit: str = "rad", title: str | None = None) -> Array:
        """The root mean square over all parts with this unit, `(horizons,)`; by default of the model."""
        rows = [row for row, theirs in enumerate(self.units) if theirs == unit]
        if not rows:
            raise ValueError(
                f"No part of {self.robot} is in {unit!r}; its parts are in {', '.join(sorted(set(self.units)))}."
            )
        return np.sqrt(np.square(self.rmse[title or self.titles[0]][rows]).mean(axis=0))

    def to_dict(self) -> dict[str, object]:
        """Plain data for a card."""
        return {
            **({"notes": list(self.notes)} if self.notes else {}),
            "windows": self.windows,
            "horizons": list(self.horizons),
            "units": dict(zip(self.parts, self.units, strict=True)),
            "rmse": {
                title: {part: [float(f"{x:.4g}") for x in row] for part, row in zip(self.parts, rows, strict=True)}
                for title, rows in self.rmse.items()
            },
            **({"diverged": dict(self.diverged)} if self.diverged else {}),
        }

    @classmethod
    def from_dict(cls, robot: str, content: Mapping[str, Any]) -> LoggedErrors:
        """Inverse of `to_dict`, as far as its digits go; `content` may hold more."""
        return cls(
            robot=robot,
            parts=tuple(content["units"]),
            units=tuple(content["units"].values()),
            horizons=tuple(content["horizons"]),
            windows=content["windows"],
            rmse={title: np.array(list(rows.values())) for title, rows in content["rmse"].items()},
            notes=tuple(content.get("notes", ())),
            diverged=content.get("diverged", {}),
        )

    def __str__(self) -> str:
        """A table of all errors, and the notes."""
        rows = [
            [title, f"{part}, {unit}", *(f"{x:.3g}" if x > ROUNDING else "0" for x in row)]
            for title, errors in self.rmse.items()
            for part, unit, row in zip(self.parts, self.units, errors, strict=True)
        ]
        said = table(["Predictor", "Part", *(f"{h:g} s" for h in self.horizons)], rows)
        lost = [
            f"{title} diverged in {share:.1%} of the windows, which are left out of its errors."
            for title, share in self.diverged.items()
        ]
        first = f"Root mean square errors of {self.robot} over {self.windows} windows"
        return "\n".join((first, said, *self.notes, *lost))


def evaluate_prediction(
    model: WorldModel | Dynamics | str | PathLike[str],
    data: Logs | Dataset | str | PathLike[str],
    horizons: Sequence[float] | float | None = None,
    *,
    simulation: str | PathLike[str] | None = None,
) -> LoggedErrors:
    """Errors of `model` at `horizons` (s) from all states of `data` after which motion goes on long enough, or 2,000 of them.

    `model` may be the name or the path of a checkpoint, and `data` the folder of logs. By default the horizons are 0.05, 0.1, 0.25 and
    0.5 s, without those that are longer than most segments; they are rounded to whole control steps. The linear model is fitted to `data`
    themselves, which favours it. It is left out where there are few control steps, and for rotations in three dimensions.

    `simulation` sets MuJoCo beside: the robot's file, or `"truth"` for a packaged robot.
    """
    logs = Logs.of_segments(load_robot(data.robot), data[:]) if isinstance(data, Dataset) else opened_logs(data)
    model = load(model) if isinstance(model, str | PathLike) else model
    predictor = as_world_model(model)
    if isinstance(model, Dynamics):
        check_same_robot("`data`", logs.robot, model.robot)
    before = predictor.context - 1
    steps = _horizon_steps(logs, before, horizons)
    windows = _windows(logs, before + steps[-1])
    floors, notes = _floors(logs)
    if simulation is not None:
        floors.append(_simulated(logs, simulation))
    everyone = {predictor.title: predictor, **{floor.title: floor for floor in floors}}
    found = {title: _rmse(logs.robot, one, windows, before, steps) for title, one in everyone.items()}
    names, units, _ = zip(*_parts(logs.robot), strict=True)
    return LoggedErrors(
        robot=logs.robot.name,
        parts=names,
        units=units,
        horizons=tuple(step * logs.control_step for step in steps),
        windows=len(windows.qpos),
        rmse={title: errors for title, (errors, _) in found.items()},
        diverged={title: share for title, (_, share) in found.items() if share},
        notes=(*_rounded(logs, HORIZONS if horizons is None else _numbers(horizons), steps), *notes),
    )


def _numbers(horizons: Sequence[float] | float) -> list[float]:
    """Several horizons, or one."""
    several = list(horizons) if isinstance(horizons, Iterable) else [horizons]
    wanted = [float(h) for h in several if is_finite(h) and h > 0]
    if not wanted or len(wanted) < len(several):
        raise ValueError(f"horizons are {horizons!r}; give positive numbers of seconds, such as [0.1, 0.5].")
    return wanted


def _rounded(logs: Logs, horizons: Sequence[float], steps: Sequence[int]) -> list[str]:
    """Which horizons are no whole numbers of control steps, and what they became."""
    step = logs.control_step
    became = {h: max(1, round(h / step)) for h in horizons}
    said = [f"{h:g} s became {n * step:g} s" for h, n in became.items() if n in steps and abs(n * step / h - 1) > SAME]
    return [f"Horizons are whole control steps of {step:g} s: {', '.join(said)}."] if said else []


def _horizon_steps(logs: Logs, before: int, horizons: Sequence[float] | float | None) -> list[int]:
    """The horizons in control steps, in order."""
    wanted = HORIZONS if horizons is None else _numbers(horizons)
    steps = sorted({max(1, round(h / logs.control_step)) for h in wanted})
    if horizons is not None:
        return steps
    fitting = int(np.median(np.repeat(logs.lengths, logs.lengths))) - before
    return [step for step in steps if step <= fitting] or [max(1, fitting)]


def _windows(logs: Logs, steps: int) -> Segments:
    """Windows at even distances."""
    count = int(np.maximum(logs.lengths - steps + 1, 0).sum())
    return logs.windows(steps, stride=max(1, -(-count // MOST)))


def _floors(logs: Logs) -> tuple[list[WorldModel], list[str]]:
    """The floors, and why the linear model is not among them."""
    robot = logs.robot
    found: list[WorldModel] = [HoldLast(), ConstantVelocity(robot)]
    unknowns = robot.nq + robot.nv + robot.nu + 1
    if robot.nq > robot.nv:
        return found, []
    if logs.transitions < ENOUGH * unknowns:
        return found, [
            f"There is no linear model: it needs {ENOUGH * unknowns} control steps to be fitted, and these logs have {logs.transitions}."
        ]
    linear = LinearModel()
    linear.fit(logs, budget=0.0, seed=0)
    return [*found, linear], []


TRUTH = "truth"
"""The simulation of a packaged robot, by name."""


class _Simulation(DynamicsModel):
    title = "simulation"


def _simulated(logs: Logs, simulation: str | PathLike[str]) -> WorldModel:
    """MuJoCo with the robot's file, or with that of the packaged robot."""
    if simulation == TRUTH:
        truth = TrueDynamics(logs.robot.name)
    else:
        truth = TrueDynamics.of_file(simulation, logs.control_step)
    check_same_robot("`data`", logs.robot, truth.robot)
    return _Simulation(truth)


def _rmse(robot: Robot, model: WorldModel, windows: Segments, before: int, steps: list[int]) -> tuple[Array, float]:
    """`(parts, horizons)`, and the share of the windows whose prediction is not finite at a horizon. They are left out."""
    places = np.array(steps) - 1
    squares = []
    for first in range(0, len(windows.qpos), ROWS):
        part = Segments(*(column[first : first + ROWS] for column in windows))
        history = History(part.qpos[:, : before + 1], part.qvel[:, : before + 1], part.actions[:, :before])
        path = predicted(model, history, part.actions[:, before:])
        said = torch.from_numpy(np.asarray(path.qpos, np.float64)[:, places])
        true = torch.from_numpy(part.qpos[:, before + 1 :][:, places])
        squares.append(np.square(difference(robot, said, true, 1.0).numpy()))
    error = np.concatenate(squares)
    finite = np.isfinite(error).all((1, 2))
    kept = error[finite] if finite.any() else np.full((1, *error.shape[1:]), np.nan)
    return np.stack([np.sqrt(kept[..., dofs].sum(-1).mean(0)) for _, _, dofs in _parts(robot)]), float(
        1 - finite.mean()
    )


def _parts(robot: Robot) -> Iterator[tuple[str, str, slice]]:
    """Name and unit of each part of a robot's position, and the differences of positions that it has."""
    joints = robot.joints
    for row, name in enumerate(joints.names):
        kind, first = JointType(int(joints.type[row])), int(joints.dof_start[row])
        name = name or f"joint {row}"
        match kind:
            case JointType.FREE:
                yield f"place of {name}", "m", slice(first, first + 3)
                yield f"rotation of {name}", "rad", slice(first + 3, first + 6)
            case JointType.BALL:
                yield f"rotation of {name}", "rad", slice(first, first + 3)
            case JointType.SLIDE:
                yield name, "m", slice(first, first + 1)
            case _:
                yield name, "rad", slice(first, first + 1)
