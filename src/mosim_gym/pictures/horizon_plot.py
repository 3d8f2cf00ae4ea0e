"""Real returns against the length of the episodes from which policies learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mosim_gym.pictures.plots import COLOURS, save, style


def horizon_plot(path: Path, lines: Mapping[str, Mapping[int, float]], *, title: str) -> Path:
    """A line for each entry of `lines`: real returns by the number of control steps in an episode of training."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        for number, (label, returns) in enumerate(lines.items()):
            horizons = sorted(returns)
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(
                horizons, [returns[h] for h in horizons], color=colour, marker="o", linestyle="--", label=label
            )  # one seed
        axes.set_xscale("log")
        axes.set_xlabel("control steps in an episode of training")
        axes.set_ylabel("real return")
        axes.set_ylim(bottom=0)
        axes.set_title(title)
        axes.legend(loc="best")
        return save(figure, path)
