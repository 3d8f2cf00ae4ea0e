"""Close-ups: windows in which a robot is large and whole in every picture of a strip, all of one scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.viewpoint import Framing

Array = np.ndarray
FILLED = 0.84  # of a window, by the robot where it is largest
GROUND = 0.13  # of a window's height lies below the floor
APART = 1.7  # states of a column that together take more than so many times the largest robot's room have a window each


def close_ups(drawing: Drawing, states: Array) -> list[list[Framing]]:
    """Windows `[row][column]` for states `(rows, columns, nq)` that are shown above one another, such as truth and prediction.

    The states of a column share one window, which shows their differences. States that are too far apart have a window each. Robots that
    do not travel, and states that are not finite, keep the drawing's own window.
    """
    rows, columns, size = states.shape
    own = drawing.framing
    finite: Array = np.asarray(np.isfinite(states).all(2))
    if not own.follows or not finite.any():
        return [[own] * columns for _ in range(rows)]
    low, high = (side.reshape(rows, columns, 2) for side in drawing.extent(np.nan_to_num(states).reshape(-1, size)))
    low, high = np.where(finite[..., None], low, np.inf), np.where(finite[..., None], high, -np.inf)
    together = low.min(0), high.max(0)  # (columns, 2) each
    seen: Array = np.asarray(finite.any(0))
    single = _height(low[finite], high[finite], own)
    shared = _height(together[0][seen], together[1][seen], own)
    if shared <= APART * single:
        windows = [_window(a, b, shared, own) if ok else own for a, b, ok in zip(*together, seen, strict=True)]
        return [windows] * rows
    return [
        [_window(low[r, c], high[r, c], single, own) if finite[r, c] else own for c in range(columns)]
        for r in range(rows)
    ]


def _height(low: Array, high: Array, own: Framing) -> float:
    """Height, m, of a window that fits each of the boxes from `low (N, 2)` to `high (N, 2)`."""
    bottom = low[:, 1] if own.floor is None else np.minimum(low[:, 1], own.floor)
    filled = FILLED if own.floor is None else FILLED - GROUND
    wide = (high[:, 0] - low[:, 0]).max() / FILLED * own.height / own.width
    return float(max(wide, (high[:, 1] - bottom).max() / filled))


def _window(low: Array, high: Array, height: float, own: Framing) -> Framing:
    """The window of that height with the box in its middle, or above the floor."""
    x, y = (float(side) for side in (low + high) / 2)
    if own.floor is not None:
        y = max(own.floor + (0.5 - GROUND) * height, float(high[1]) - (0.5 - (1 - FILLED) / 2) * height)
    return replace(own, centre=(x, y), width=height * own.width / own.height, height=height, follows=False)
