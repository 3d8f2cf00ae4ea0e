"""Velocities of a log that has none, from its positions: by polynomials through neighbouring rows, or from the row before alone.

Both work on the manifold: the angular velocity of a free or ball joint is in the body's frame, as MuJoCo has it.
"""

from __future__ import annotations

import numpy as np
import torch

from mosim_gym.mechanics.manifold import difference
from mosim_gym.mechanics.robot import Robot

Array = np.ndarray
SMOOTHED = 0.03  # s of motion through which a polynomial goes
SHORTEST, ORDER = 5, 3


def window_for(step: float) -> int:
    """The rows through which a polynomial goes: those of 30 ms, an odd number of at least 5."""
    return max(SHORTEST, 2 * round(SMOOTHED / step / 2) + 1)


def savgol_velocities(robot: Robot, qpos: Array, starts: Array, step: float, window: int | None = None) -> Array:
    """Velocities `(rows, nv)` as the slopes of cubic polynomials through `window` rows (Savitzky and Golay).

    The first and the last rows of a segment have the slope, at their place, of the polynomial through its first or last rows.
    """
    window = window_for(step) if window is None else window
    if window < 3 or window % 2 == 0:
        raise ValueError(f"window is {window}; it must be an odd number of rows, at least 3.")
    qvel = np.empty((len(qpos), robot.nv))
    lengths = np.diff(starts)
    widths = np.minimum(window, lengths)
    for width in np.unique(widths):
        slopes = _slopes(int(width)) / step
        rows = np.concatenate([np.arange(*starts[i : i + 2]) for i in np.flatnonzero(widths == width)])
        segment = np.searchsorted(starts, rows, "right") - 1
        first = np.clip(rows - width // 2, starts[segment], starts[segment + 1] - width)
        place = rows - first
        here = torch.from_numpy(qpos[rows])
        total = np.zeros((len(rows), robot.nv))
        for other in range(int(width)):
            there = torch.from_numpy(qpos[first + other])
            total += slopes[place, other, None] * difference(robot, there, here, 1.0).numpy()
        qvel[rows] = total
    return qvel


def causal_velocities(robot: Robot, qpos: Array, starts: Array, step: float) -> Array:
    """Velocities `(rows, nv)` from the row before to each row. The first row of a segment has that of the second."""
    end, start = torch.from_numpy(qpos[1:]), torch.from_numpy(qpos[:-1])
    qvel = np.empty((len(qpos), robot.nv))
    qvel[1:] = difference(robot, end, start, step).numpy()
    qvel[starts[:-1]] = qvel[starts[:-1] + 1]
    return qvel


def _slopes(width: int) -> Array:
    """`(width, width)`: row p has the weights that give the slope at place p of a polynomial through `width` values one apart."""
    places = np.arange(width) - (width - 1) / 2
    order = min(ORDER, width - 1)
    powers = places[:, None] ** np.arange(order + 1)
    slope = np.zeros_like(powers)
    slope[:, 1:] = np.arange(1, order + 1) * places[:, None] ** np.arange(order)
    return slope @ np.linalg.pinv(powers)
