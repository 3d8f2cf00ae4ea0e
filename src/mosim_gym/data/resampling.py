"""Logs at another rate than the control step: states are interpolated, and each control step gets the mean of the commands in it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from mosim_gym.data.log_times import Beat
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.manifold import difference, integrate
from mosim_gym.mechanics.robot import Robot

Array = np.ndarray
ENDS = 1e-6  # of a step, by which the last row may miss the grid


class Rows(NamedTuple):
    """Motion with the first rows of its segments; `qvel` may be missing. `pieces` has a number for each segment, which stays with it."""

    qpos: Array
    qvel: Array | None
    actions: Array
    starts: Array
    pieces: Array


def resample(robot: Robot, rows: Rows, beat: Beat, step: float) -> Rows:
    """The motion in rows `step` seconds apart, which begin with each segment's first row.

    Positions and velocities are interpolated linearly, rotations along the shortest way. A command holds until the next row of the log, and
    a control step has the mean of the commands that hold in it. Segments that are shorter than a step are left out.
    """
    times, first, last = _one_clock(rows.starts, beat)
    counts = np.floor((times[last] - times[first]) / step * (1 + 1e-9) + ENDS).astype(int) + 1
    whole = counts >= 2
    counts = counts[whole]
    starts = np.concatenate(([0], np.cumsum(counts)))
    number = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
    ends = np.repeat(times[last][whole], counts)
    wanted = np.minimum(np.repeat(times[first][whole], counts) + number * step, ends)
    before = np.clip(np.searchsorted(times, wanted + ENDS * step, "right") - 1, 0, len(times) - 2)
    before = np.minimum(before, np.repeat(last[whole], counts) - 1)
    share = ((wanted - times[before]) / (times[before + 1] - times[before])).clip(0, 1)
    qpos = _between(robot, rows.qpos, before, share)
    qvel = None
    if rows.qvel is not None:
        qvel = rows.qvel[before] + share[:, None] * (rows.qvel[before + 1] - rows.qvel[before])
    actions = _held(rows.actions, times, wanted, np.minimum(wanted + step, ends), before, last)
    return Rows(qpos, qvel, actions, starts, rows.pieces[whole])


def thinned(logs: Logs, every: int) -> Logs:
    """Each `every`-th row of the segments, with the mean of the commands between; without segments that are too short for two rows."""
    if every < 2:
        return logs
    counts = logs.lengths // every
    chosen = np.flatnonzero(counts)
    if not len(chosen):
        return logs
    counts = counts[chosen] + 1
    starts = np.concatenate(([0], np.cumsum(counts)))
    rows = np.repeat(logs.starts[chosen], counts) + every * (np.arange(starts[-1]) - np.repeat(starts[:-1], counts))
    ends = np.repeat(logs.starts[chosen + 1], counts)
    steps = np.minimum(rows[:, None] + np.arange(every), ends[:, None] - 1)
    robot = replace(logs.robot, substeps=logs.robot.substeps * every)
    actions = logs.actions[steps].mean(axis=1)
    return Logs(robot, logs.qpos[rows], logs.qvel[rows], actions, starts, tuple(logs.sources[i] for i in chosen))


def _one_clock(starts: Array, beat: Beat) -> tuple[Array, Array, Array]:
    """Times of all rows that grow from segment to segment, too, and the first and the last row of each segment."""
    first, last = starts[:-1], starts[1:] - 1
    if beat.times is None:
        return np.arange(starts[-1]) * beat.step, first, last
    times = beat.times - np.repeat(beat.times[first], np.diff(starts))
    lasts = times[last] + beat.step
    return times + np.repeat(np.cumsum(lasts) - lasts, np.diff(starts)), first, last


def _between(robot: Robot, qpos: Array, before: Array, share: Array) -> Array:
    """Positions a `share` of the way from rows `before` to the next ones."""
    start = torch.from_numpy(qpos[before])
    way = difference(robot, torch.from_numpy(qpos[before + 1]), start, 1.0)
    return integrate(robot, start, torch.from_numpy(share[:, None]) * way, 1.0).numpy()


def _held(actions: Array, times: Array, begin: Array, end: Array, before: Array, last: Array) -> Array:
    """The mean of the commands from `begin` to `end`, where each holds from its row to the next. Equal commands stay as they are."""
    if not actions.shape[1]:
        return np.zeros((len(begin), 0))
    found = actions[before]
    after = np.clip(np.searchsorted(times, end - ENDS * (end - begin) - 1e-12, "right") - 1, before, None)
    changes = np.concatenate(([0], np.cumsum((actions[1:] != actions[:-1]).any(axis=1))))
    rows = np.flatnonzero(changes[after] > changes[before])
    if not len(rows):
        return found
    lasting = np.diff(times, append=times[-1])
    lasting[last] = 0
    total = np.concatenate((np.zeros((1, actions.shape[1])), np.cumsum(actions * lasting[:, None], axis=0)))

    def until(moment: Array, row: Array) -> Array:
        return total[row] + actions[row] * (moment - times[row])[:, None]

    b, e = begin[rows], end[rows]
    found[rows] = (until(e, after[rows]) - until(b, before[rows])) / np.maximum(e - b, 1e-12)[:, None]
    return found
