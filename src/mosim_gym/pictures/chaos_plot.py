"""The distance of neighbouring trajectories over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mosim_gym.pictures.plots import COLOURS, save, style


def growth_plot(path: Path, curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, actions: str) -> Path:
    """A line for each system of `curves`: times, s, and the mean of ln(d/δ) there."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        for number, (system, (seconds, growth)) in enumerate(curves.items()):
            line = "-" if number == 0 else ("--", ":")[(number - 1) % 2]
            axes.plot(seconds, growth, color=COLOURS[number % len(COLOURS)], linestyle=line, label=system)
        axes.set_xlabel("time (s)")
        axes.set_ylabel("mean of ln(distance / δ)")
        axes.set_title(f"neighbouring trajectories under {actions} actions")
        axes.legend(loc="upper left")
        return save(figure, path)
