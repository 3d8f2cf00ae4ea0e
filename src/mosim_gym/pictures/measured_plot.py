"""Errors of models of measured motion by horizon, beside floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mosim_gym.pictures.plots import FAINT, colours_for, save, style

Curve = tuple[Sequence[float], Sequence[float]]
"""Horizons, s, and errors."""
DASHES = ((0, (4, 2)), "-.", (0, (1, 1)))


def measured_plot(
    path: str | Path, panels: Mapping[str, tuple[Mapping[str, Curve], Mapping[str, Curve]]], title: str
) -> Path:
    """Plot errors against the horizon on logarithmic axes.

    Each of `panels` has a label with a unit, curves of models by name, in colours, and curves of floors by name, in grey.
    """
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(2.4 + 3.3 * len(panels), 3.4), layout="constrained")
        for axes, (label, (models, floors)) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            for (name, (horizons, errors)), colour in zip(models.items(), colours_for(len(models)), strict=True):
                axes.plot(horizons, errors, "o-", markersize=3.5, color=colour, label=name)
            for (name, (horizons, errors)), dashes in zip(floors.items(), DASHES, strict=False):
                axes.plot(horizons, errors, linestyle=dashes, color=FAINT, linewidth=1.2, label=name)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("horizon (s)")
            axes.set_ylabel(label)
        figure.axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), labelspacing=0.7)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
        return save(figure, path)
