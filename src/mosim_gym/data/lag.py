"""The lag between command and motion: by how much commands have to be shifted to explain the accelerations best.

Accelerations are explained by a smooth function of the state, which is linear in random features, and by the commands times smooth
functions of the positions. A command counts as held over its control step. The shift may be a part of a step: then a step has the mean of
the two commands that hold in it.

Both sides are averaged over 20 ms, so that the noise of measured velocities, which differences amplify, counts less. Parts of the data are
estimated by themselves, and the lag is their median: a controller that answers to the noise of a measurement shifts the estimate of a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.parts import JointType

Array = np.ndarray
LONGEST, MOST_STEPS = 0.05, 12  # s and control steps that are tried
RESOLUTION = 0.05  # of a step
PARTS, ROWS, FEATURES = 6, 6_000, 120
AVERAGED = 0.02  # s
ENOUGH_ROWS = 1_200  # of averages in a part
MOST_COLUMNS = 240
ENOUGH = 0.005
"""The share of the accelerations' variance that commands must explain, beside the state, for their lag to be known."""


class Lag(NamedTuple):
    """A lag in s, half the range of the middle half of its estimates from parts of the data, and what commands explain of the variance."""

    seconds: float
    spread: float
    explained: float

    @property
    def known(self) -> bool:
        """Whether commands explain enough for the lag to mean something."""
        return self.explained >= ENOUGH


@dataclass(frozen=True)
class Shifts:
    """What commands explain of the variance of the accelerations, beside the state, if they are shifted.

    `seconds (N,)` are the shifts, and `explained (parts, N)` has a row for each part of the data.
    """

    seconds: Array
    explained: Array

    @property
    def lag(self) -> Lag:
        """The median over the parts of the shifts that explain most."""
        best = self.seconds[self.explained.argmax(axis=1)]
        low, middle, high = np.quantile(best, (0.25, 0.5, 0.75))
        return Lag(float(middle), float(high - low) / 2, float(np.median(self.explained.max(axis=1))))


def command_lag(logs: Logs, seed: int = 0) -> Lag | None:
    """The lag of the motion behind the commands. None for robots without actuators, and for too few rows or none that move."""
    shifts = explained_by_shift(logs, seed)
    return None if shifts is None else shifts.lag


def explained_by_shift(logs: Logs, seed: int = 0) -> Shifts | None:
    """How well commands explain the accelerations at each shift; None where `command_lag` is."""
    step = logs.control_step
    steps = int(np.clip(np.ceil(LONGEST / step), 2, MOST_STEPS))
    window = max(1, round(AVERAGED / step))
    fitting = np.flatnonzero(logs.lengths > steps + window + 2)
    if not logs.robot.nu or not len(fitting):
        return None
    found: list[Array] = []
    parts = int(np.clip(2 * logs.lengths[fitting].sum() / window / ENOUGH_ROWS, 1, min(PARTS, len(fitting))))
    for part in np.array_split(fitting, parts):
        chosen = _rows(logs, part, steps)
        one = _part_shifts(logs, *chosen, steps, window, np.random.default_rng(seed))
        if one is not None:
            found.append(one)
    if not found:
        return None
    return Shifts(_shifts(steps) * step, np.array(found))


def _rows(logs: Logs, segments: Array, steps: int) -> tuple[Array, Array]:
    """Rows from the beginnings of these segments, up to 6,000, with commands before theirs, and the segment of each."""
    share = min(1.0, ROWS / (logs.lengths[segments] - steps - 1).sum())
    rows = []
    for i in segments:
        first, last = int(logs.starts[i]) + steps + 1, int(logs.starts[i + 1]) - 2
        rows.append(np.arange(first, first + max(1, round((last - first) * share))))
    return np.concatenate(rows), np.repeat(segments, [len(part) for part in rows])


def _shifts(steps: int) -> Array:
    """The shifts that are tried, in steps, from one step ahead up to `steps`."""
    return np.arange(-1, steps + RESOLUTION / 2, RESOLUTION)


def _part_shifts(
    logs: Logs, rows: Array, owner: Array, steps: int, window: int, rng: np.random.Generator
) -> Array | None:
    """The share of the variance in these rows that commands explain at each shift; None where it cannot be told."""
    acceleration = logs.qvel[rows + 1] - logs.qvel[rows]
    spread = acceleration.std(axis=0)
    scale = logs.actions[rows].std(axis=0)
    if not scale.any() or not spread.any():
        return None
    moving = spread > 1e-9 * spread.max()
    target = acceleration[:, moving] / spread[moving]
    state, gains = _features(logs, rows, rng)
    delays = range(-1, steps + 1)
    used = scale > 0
    if gains.shape[1] * used.sum() * len(delays) > MOST_COLUMNS:
        gains = gains[:, :1]
    shifted = [
        (gains[:, :, None] * (logs.actions[rows - d][:, used] / scale[used])[:, None]).reshape(len(rows), -1)
        for d in delays
    ]
    mean = _averaged(np.concatenate((state, *shifted, target), axis=1), owner, window)
    count, features = shifted[0].shape[1], state.shape[1]
    if len(mean) < 2 * (features + count):
        return None
    gram = mean.T @ mean
    inner = gram[:features, :features]
    inner = inner + 1e-9 * np.trace(inner) / features * np.eye(features)
    left = gram[features:, features:] - gram[features:, :features] @ np.linalg.solve(inner, gram[:features, features:])
    total = float(np.trace(gram[-target.shape[1] :, -target.shape[1] :]))
    return _explained(left, count, steps) / total


def _averaged(columns: Array, owner: Array, window: int) -> Array:
    """Means of `window` rows of one segment after one another, every half window."""
    first = np.arange(0, len(columns) - window + 1, max(1, window // 2))
    first = first[owner[first] == owner[first + window - 1]]
    summed = np.concatenate((np.zeros((1, columns.shape[1])), np.cumsum(columns, axis=0)))
    return (summed[first + window] - summed[first]) / window


def _explained(gram: Array, count: int, steps: int) -> Array:
    """What the `count` columns of commands explain at each shift, from the products of all columns."""
    commands = count * (steps + 2)
    inner, outer = gram[:commands, :commands], gram[:commands, commands:]
    ridge = 1e-9 * np.trace(inner) / commands * np.eye(count)
    shifts = _shifts(steps)
    found = np.zeros(len(shifts))
    for place, shift in enumerate(shifts):
        whole = min(int(np.floor(shift + 1e-9)), steps - 1)
        share = shift - whole
        here, later = (slice(count * (whole + 1 + d), count * (whole + 2 + d)) for d in (0, 1))
        square = (
            (1 - share) ** 2 * inner[here, here]
            + share * (1 - share) * (inner[here, later] + inner[later, here])
            + share**2 * inner[later, later]
        )
        right = (1 - share) * outer[here] + share * outer[later]
        found[place] = (right * np.linalg.solve(square + ridge, right)).sum()
    return found


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
    phases = inputs @ (rng.normal(size=(width, FEATURES)) * (1.0 / np.sqrt(width) * 2)) + rng.uniform(
        0, 2 * np.pi, FEATURES
    )
    one = np.ones((len(rows), 1))
    friction = np.tanh(10 * speed)
    state = np.concatenate((one, inputs, speed * np.abs(speed), friction, np.cos(phases)), axis=1)
    return state, np.concatenate((one, turns), axis=1)


def _standard(values: Array) -> Array:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
