"""Plots of predictions on logs: errors by horizon, and measured over predicted motion. They take plain arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mosim_gym.pictures.log_plots import COLUMNS, MOST_PANELS, Quantity
from mosim_gym.pictures.plots import COLOURS, FAINT, headed, save, style

Array = np.ndarray
DASHES = ((0, (4, 2)), (0, (1, 1)), "-.", ":")


def error_plot(
    path: str | Path, horizons: Sequence[float], errors: Mapping[str, Mapping[str, Array]], title: str, model: str
) -> Path:
    """Plot `errors[unit][predictor]`, `(horizons,)`, against `horizons` (s) on logarithmic axes, with a panel for each unit.

    The predictor `model` has a thick line with points; the others are floors, which are grey.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    if not errors:
        raise ValueError("error_plot needs errors in at least one unit.")
    with style():
        figure = Figure(figsize=(2.4 + 3.3 * len(errors), 3.4), layout="constrained")
        panels = figure.subplots(1, len(errors), sharex=True, squeeze=False)[0]
        for axes, (unit, curves) in zip(panels, errors.items(), strict=True):
            floors = [name for name in curves if name != model]
            for place, name in enumerate(floors):
                axes.plot(
                    horizons,
                    curves[name],
                    color=FAINT,
                    linestyle=DASHES[place % len(DASHES)],
                    linewidth=1.2,
                    label=name,
                )
            axes.plot(horizons, curves[model], "o-", color=COLOURS[0], markersize=4, label="the model")
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(list(horizons), [f"{h:.3g}" for h in horizons])
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel("time ahead (s)")
            axes.set_ylabel(f"error of positions ({unit})")
        panels[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), labelspacing=0.7)
        headed(figure, title)
        return save(figure, path)


def overlay_plot(
    path: str | Path, times: Array, measured: Sequence[Quantity], predicted: Sequence[Array], title: str
) -> Path:
    """Plot each quantity over `times` (s) as measured and as predicted in open loop from its first value.

    `predicted[i] (members, rows)` are the predictions of quantity i: the line is their mean, the band leads from the lowest to the highest.
    """
    from matplotlib.figure import Figure

    shown = measured[:MOST_PANELS]
    if not shown:
        raise ValueError("overlay_plot needs at least one quantity.")
    columns = min(COLUMNS, len(shown))
    rows = math.ceil(len(shown) / columns)
    with style():
        figure = Figure(figsize=(max(5.2, 3.1 * columns), 1.4 + 1.75 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
        for axes, quantity, paths in zip(panels, shown, predicted, strict=False):
            axes.plot(times, quantity.values, color=FAINT, label="measured")
            axes.plot(times, paths.mean(axis=0), color=COLOURS[1], linewidth=1.4, label="predicted")
            if len(paths) > 1:
                axes.fill_between(
                    times, paths.min(axis=0), paths.max(axis=0), color=COLOURS[1], alpha=0.2, linewidth=0,
                    label="lowest to highest member",
                )  # fmt: skip
            axes.set_ylabel(quantity.label)
            axes.margins(x=0)
            axes.tick_params(labelbottom=True)
        for axes in panels[: len(shown)][-columns:]:
            axes.set_xlabel("time (s)")
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        headed(figure, title, len(measured) - len(shown))
        return save(figure, path)
