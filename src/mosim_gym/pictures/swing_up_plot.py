"""The height of an acrobot's tip over time, episode by episode."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mosim_gym.pictures.plots import COLOURS, save, style

Array = np.ndarray


def swing_up_plot(path: Path, heights: Array, *, control_step: float, up: float) -> Path:
    """A line for each of `heights (episodes, T)`, m, and one for the height `up` from which the acrobot counts as standing."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        time = control_step * np.arange(1, heights.shape[1] + 1)
        for line in heights:
            axes.plot(time, line, color=COLOURS[0], linewidth=0.8, alpha=0.35)
        axes.axhline(up, color=COLOURS[1], linestyle="--", linewidth=1.0, label="standing")
        axes.set_xlabel("time (s)")
        axes.set_ylabel("height of the tip\nabove the shoulder (m)")
        axes.legend(loc="lower right")
        return save(figure, path)
