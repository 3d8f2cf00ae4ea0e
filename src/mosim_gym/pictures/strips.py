"""Film strips of states: a row for each world, a column for each moment, drawn close up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mosim_gym.mechanics import Robot
from mosim_gym.pictures.close_up import close_ups
from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.video import film_strip
from mosim_gym.robots import Task

Array = np.ndarray
DETAIL = 2  # pictures are drawn so many times larger than they are shown
LETTERING = 0.05  # height of letters over width of a frame
SHAPE = 4 / 3  # width over height of a frame


def state_strip(
    path: Path,
    shown: Task | Robot,
    rows: Mapping[str, Array],
    times: Sequence[float],
    *,
    goal: Array | None = None,
    height: int = 120,
) -> Path:
    """Write a png with a row of drawings for each item of `rows`, states `(T, nq)` at `times` in s, in frames `height` pixels high.

    A task's drawings leave out what the task hides, and have its goal.

    All drawings have one scale. Those of one moment show the same place, by `close_ups`.
    """
    task = shown if isinstance(shown, Task) else None
    drawing = Drawing(
        shown.robot if isinstance(shown, Task) else shown,
        width=round(SHAPE * DETAIL * height),
        height=DETAIL * height,
        hidden_geoms=() if task is None else task.hidden_geoms,
        lettering=LETTERING,
    )
    marks = [] if goal is None or task is None else task.goal_marks(goal)
    states = np.stack([np.asarray(row, np.float64) for row in rows.values()])
    windows = close_ups(drawing, states)
    frames = {
        name: [drawing.through(window).render(state, marks) for state, window in zip(row, seen, strict=True)]
        for name, row, seen in zip(rows, states, windows, strict=True)
    }
    return film_strip(path, frames, captions=[f"{t:g} s" for t in times], height=height)
