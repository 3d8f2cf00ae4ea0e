"""Pictures of predictions on logs: errors by horizon beside the floors, and measured over predicted motion, as curves and as a strip."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from mosim_gym.data.log_files import check_same_robot
from mosim_gym.data.logs import Logs, Segment
from mosim_gym.evaluation.log_pictures import longest
from mosim_gym.evaluation.logged import LoggedErrors
from mosim_gym.evaluation.motion_quantities import positions
from mosim_gym.evaluation.predicted import predicted
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.world_model import WorldModel, as_world_model
from mosim_gym.pictures.forecast_plots import error_plot, overlay_plot
from mosim_gym.pictures.strips import state_strip

Array = np.ndarray
SECONDS = 2.0
"""Of a segment, that are predicted."""


def draw_errors(errors: LoggedErrors, path: str | PathLike[str]) -> Path:
    """Write a picture of `errors` by horizon to `path`: the root mean square over the parts with one unit, beside the floors."""
    units = sorted(set(errors.units))
    curves = {unit: {title: errors.overall(unit, title) for title in errors.titles} for unit in units}
    title = f"{errors.robot}: open loop on {errors.windows} windows of logs"
    return error_plot(Path(path), errors.horizons, curves, title, errors.titles[0])


def draw_prediction(
    model: WorldModel | Dynamics,
    data: Logs,
    path: str | PathLike[str],
    segment: int | None = None,
    seconds: float = SECONDS,
) -> Path:
    """Write a picture of measured over predicted motion to `path`: up to `seconds` of a segment, by default of the longest one.

    The prediction begins in the segment's first state, after the commands that a model with memory needs, and sees no later state. Members
    of an ensemble predict alone; the band leads from the lowest to the highest of them.
    """
    part, before, number = _part(model, data, segment, seconds)
    first = part.qpos[before]
    predicted = [
        positions(data.robot, np.concatenate((first[None], member)), first) for member in _paths(model, part, before)
    ]
    measured = positions(data.robot, part.qpos[before:], first)
    return overlay_plot(
        Path(path),
        np.arange(len(part.qpos) - before) * data.control_step,
        measured,
        [np.stack([member[i].values for member in predicted]) for i in range(len(measured))],
        f"{data.sources[number].rsplit('/', 1)[-1]}: open loop from its beginning",
    )


def draw_strip(
    model: WorldModel | Dynamics,
    data: Logs,
    path: str | PathLike[str],
    segment: int | None = None,
    seconds: float = SECONDS,
    frames: int = 8,
) -> Path:
    """Write a film strip to `path`: measured motion above, the prediction from the first picture on below; as `draw_prediction`.

    An ensemble's first member predicts.
    """
    part, before, _ = _part(model, data, segment, seconds)
    path_q = np.concatenate((part.qpos[before][None], _paths(model, part, before)[0]))
    places = np.linspace(0, len(path_q) - 1, frames).round().astype(int)
    rows = {"measured": part.qpos[before:][places], "predicted": path_q[places]}
    return state_strip(Path(path), data.robot, rows, [round(float(t), 2) for t in places * data.control_step])


def _part(model: WorldModel | Dynamics, data: Logs, segment: int | None, seconds: float) -> tuple[Segment, int, int]:
    """The beginning of a segment, how many control steps in it come before the prediction, and the segment's number."""
    if isinstance(model, Dynamics):
        check_same_robot("`data`", data.robot, model.robot)
    number = longest(data) if segment is None else segment
    motion, before = data[number], as_world_model(model).context - 1
    steps = min(len(motion.actions) - before, round(seconds / data.control_step))
    if steps < 1:
        raise ValueError(
            f"Segment {number} has {len(motion.actions)} control steps, and {seconds:g} s are to be predicted after {before} of them; "
            "choose a longer segment or time."
        )
    end = before + steps
    return Segment(motion.qpos[: end + 1], motion.qvel[: end + 1], motion.actions[:end]), before, number


def _paths(model: WorldModel | Dynamics, motion: Segment, before: int) -> Array:
    """The positions after each step as each member predicts them, `(members, steps, nq)`."""
    members = model.members if isinstance(model, Dynamics) else 1
    qpos, qvel, actions = (np.repeat(np.asarray(part)[None], members, 0) for part in motion)  # row i is member i's
    history = History(qpos[:, : before + 1], qvel[:, : before + 1], actions[:, :before])
    return np.asarray(predicted(as_world_model(model), history, actions[:, before:]).qpos, np.float64)
