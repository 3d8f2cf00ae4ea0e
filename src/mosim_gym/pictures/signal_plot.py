"""The true error of a model against signals that need no truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mosim_gym.pictures.plots import COLOURS, save, style


def signal_plot(path: Path, signals: Mapping[str, Mapping[str, Sequence[float]]]) -> Path:
    """A part for each signal, by its name: the median of the error, with its quartiles `low` and `high`, in bins of the signal."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(3.4 * len(signals) + 0.4, 3.0), layout="constrained")
        parts = figure.subplots(1, len(signals), sharey=True, squeeze=False)[0]
        for axes, (name, bins) in zip(parts, signals.items(), strict=True):
            axes.fill_between(bins["signal"], bins["low"], bins["high"], color=COLOURS[0], alpha=0.25, linewidth=0)
            axes.plot(bins["signal"], bins["median"], color=COLOURS[0], marker="o", markersize=3)
            axes.set_xlabel(name)
            axes.set_yscale("log")
        parts[0].set_ylabel("error of a step\n(standard deviations of the state)")
        return save(figure, path)
