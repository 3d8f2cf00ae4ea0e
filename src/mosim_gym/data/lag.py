"""The lag between command and motion: by how much commands have to be shifted to explain the accelerations best.

Accelerations are explained by a smooth function of the state, which is linear in random features, and by the commands times smooth
functions of the positions. A command counts as held over its control step. The shift may be a part of a step: then a step has the mean of
the two commands that hold in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.manifold import difference
from mosim_gym.mechanics.parts import JointType

Array = np.ndarray
LONGEST, MOST_STEPS = 0.05, 12  # s and control steps that are tried
RESOLUTION = 0.05  # of a step
ROWS, FEATURES, PARTS = 40_000, 200, 4
MOST_COLUMNS = 240
ENOUGH = 0.005
"""The share of the accelerations' variance that commands must explain, beside the state, for their lag to be known."""


class Lag(NamedTuple):
    """A lag in s, half the range of its estimates from four parts of the data, and the share of variance that commands explain."""

    seconds: float
    spread: float
    explained: float

    @property
    def known(self) -> bool:
        """Whether commands explain enough for the lag to mean something."""
        return self.explained >= ENOUGH


def command_lag(logs: Logs, seed: int = 0) -> Lag | None:
    """The lag of the commands behind which the motion follows. None for robots without actuators, and for too few rows."""
    robot, step = logs.robot, logs.control_step
    steps = int(np.clip(np.ceil(LONGEST / step), 2, MOST_STEPS))
    inside = logs.lengths - steps - 1  # rows with `steps + 1` commands before theirs, and a state after it
    first = np.repeat(logs.starts[:-1] + steps + 1, np.maximum(inside, 0))
    rows = first + np.arange(len(first)) - np.repeat(np.cumsum(np.maximum(inside, 0)) - np.maximum(inside, 0), np.maximum(inside, 0))
    if not robot.nu or len(rows) < 20 * robot.nu + 200:
        return None
    rows = rows[:: max(1, len(rows) // ROWS)]
    acceleration = (logs.qvel[rows + 1] - logs.qvel[rows]) / step
    spread = acceleration.std(axis=0)
    moving = spread > 1e-9
    target = acceleration[:, moving] / spread[moving]
    state, gains = _features(logs, rows, np.random.default_rng(seed))
    delays = range(-1, steps + 1)
    if gains.shape[1] * robot.nu * len(delays) > MOST_COLUMNS:
        gains = gains[:, :1]
    scale = logs.actions.std(axis=0)
    scale[scale == 0] = 1
    shifted = [
        (gains[:, :, None] * (logs.actions[rows - d] / scale)[:, None]).reshape(len(rows), -1) for d in delays
    ]
    commands = np.concatenate(shifted, axis=1)
    left = np.concatenate((commands, target), axis=1)
    left = left - state @ np.linalg.lstsq(state, left, rcond=None)[0]
    parts = np.array_split(np.arange(len(rows)), PARTS)
    grams = [left[part].T @ left[part] for part in parts]
    count = shifted[0].shape[1]
    lag, explained = _best(sum(grams), count, len(delays), len(rows) * target.shape[1])
    each = [_best(gram, count, len(delays), 1)[0] for gram in grams]
    return Lag(lag * step, (max(each) - min(each)) / 2 * step, explained)


def _best(gram: Array, count: int, delays: int, total: float) -> tuple[float, float]:
    """The shift in steps that leaves least, from the products of all columns, and the share of `total` that commands then explain."""
    commands = count * delays
    inner, outer = gram[:commands, :commands], gram[:commands, commands:]
    ridge = 1e-9 * np.trace(inner) / commands * np.eye(count)
    best, most = 0.0, -np.inf
    for shift in np.arange(-1, delays - 2 + RESOLUTION / 2, RESOLUTION):
        whole = min(int(np.floor(shift + 1e-9)), delays - 3)
        share = shift - whole
        here, later = (slice(count * (whole + 1 + d), count * (whole + 2 + d)) for d in (0, 1))
        square = (
            (1 - share) ** 2 * inner[here, here]
            + share * (1 - share) * (inner[here, later] + inner[later, here])
            + share**2 * inner[later, later]
        )
        right = (1 - share) * outer[here] + share * outer[later]
        gain = float((right * np.linalg.solve(square + ridge, right)).sum())
        if gain > most:
            best, most = float(shift), gain
    return best, most / total


def _features(logs: Logs, rows: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Smooth functions of the states in the middle of the steps, and of the positions there, each with a constant first."""
    robot = logs.robot
    qpos, qvel = logs.qpos[rows], (logs.qvel[rows] + logs.qvel[rows + 1]) / 2
    hinges = robot.joints.qpos_start[robot.joints.type == JointType.HINGE]
    turns = np.concatenate((np.sin(qpos[:, hinges]), np.cos(qpos[:, hinges])), axis=1)
    others = np.delete(qpos, hinges, axis=1)
    speed = _standard(qvel)
    inputs = np.concatenate((turns, _standard(others), speed), axis=1)
    width = inputs.shape[1]
    phases = inputs @ (rng.normal(size=(width, FEATURES)) * (1.0 / np.sqrt(width) * 2)) + rng.uniform(0, 2 * np.pi, FEATURES)
    one = np.ones((len(rows), 1))
    friction = np.tanh(10 * speed)
    state = np.concatenate((one, inputs, speed * np.abs(speed), friction, np.cos(phases)), axis=1)
    return state, np.concatenate((one, turns), axis=1)


def _standard(values: Array) -> Array:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)


def shift_seen(logs: Logs, rows: Array) -> Array:
    """The change of position in each of these rows' steps, as velocity."""
    end, start = (torch.from_numpy(np.ascontiguousarray(logs.qpos[r])) for r in (rows + 1, rows))
    return difference(logs.robot, end, start, logs.control_step).numpy()
