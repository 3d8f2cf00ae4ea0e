"""By how much the velocities of logs come after the rates of their positions, as a filter or a bus delays them."""

from __future__ import annotations

import numpy as np
import torch

from mosim_gym.data.log_findings import SLOW
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.manifold import difference

Array = np.ndarray
MOST = 20
"""Rows by which velocities are shifted, in both directions."""
AVERAGED = 0.03  # s over which both are averaged, so that noise counts less
SAMPLE, FEWEST = 20_000, 100  # rows that are looked at, at most and at least
NOTABLY = 0.02  # by which a correlation is below 1, if a shift is looked for
LIKE, LEFT = 0.9, 0.25
"""The correlation that a shift must give, and the share of what a correlation lacks of 1 that it may leave."""


def velocity_delays(logs: Logs) -> Array:
    """The seconds by which each velocity is late, `(nv,)`: below 0 where it is early, and 0 where a shift explains little."""
    robot, step = logs.robot, logs.control_step
    width = max(1, round(AVERAGED / step))
    rows = _rows(logs, width)
    if len(rows) < FEWEST:
        return np.zeros(robot.nv)
    start, end = (torch.from_numpy(np.ascontiguousarray(logs.qpos[at])) for at in (rows, rows + width))
    rate = difference(robot, end, start, width * step).numpy()
    mean = (logs.qvel[1:] + logs.qvel[:-1]) / 2
    total = np.concatenate((np.zeros((1, robot.nv)), np.cumsum(mean, axis=0)))
    shifts = np.arange(-MOST, MOST + 1)
    likeness = np.array([_likeness(rate, total[rows + s + width] - total[rows + s]) for s in shifts])
    best = np.abs(shifts)[likeness.argmax(axis=0)]
    highest, lacking = likeness.max(axis=0), 1 - np.abs(likeness[MOST])
    clear = (highest > LIKE) & (lacking > NOTABLY) & (1 - highest < LEFT * lacking) & (best > 1) & (best < MOST)
    return np.where(clear & (np.sqrt(np.square(rate).mean(axis=0)) > SLOW), step * shifts[likeness.argmax(axis=0)], 0.0)


def _likeness(rate: Array, velocity: Array) -> Array:
    """The correlation of the columns of both, `(nv,)`; 0 where one is zero."""
    size = np.sqrt(np.square(rate).sum(axis=0) * np.square(velocity).sum(axis=0))
    return np.where(size > 0, (rate * velocity).sum(axis=0) / np.where(size > 0, size, 1), 0)


def _rows(logs: Logs, width: int) -> Array:
    """Rows from the beginnings of the segments that have `MOST` rows before them, and as many after the `width` rows that follow."""
    room = np.maximum(logs.lengths - 2 * MOST - width, 0)
    counts = np.ceil(room * min(1.0, SAMPLE / max(1, room.sum()))).astype(int)
    first = np.repeat(logs.starts[:-1] + MOST - np.cumsum(counts) + counts, counts)
    return first + np.arange(counts.sum())
