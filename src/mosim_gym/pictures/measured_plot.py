"""Errors of models of measured motion by horizon, beside floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mosim_gym.pictures.plots import FAINT, colours_for, save, style

Curve = tuple[Sequence[float], Sequence[float]]
"""Horizons, s, and errors."""
DASHES = ((0, (4, 2)), "-.", (0, (1, 1)))
LOOKS = ("o-", "s--", "^:", "d-.")
"""Markers and lines of models that differ in what was known."""


def measured_plot(
    path: str | Path, panels: Mapping[str, tuple[Mapping[str, Curve], Mapping[str, Curve]]], title: str
) -> Path:
    """Plot errors against the horizon on logarithmic axes.

    Each of `panels` has a label with a unit, curves of models by name, and curves of floors by name, in grey. Models whose names are equal
    up to the first comma have one colour, and lines of their own by what follows it.
    """
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(2.4 + 3.3 * len(panels), 3.4), layout="constrained")
        for axes, (label, (models, floors)) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            firsts, rests = (list(dict.fromkeys(name.partition(",")[end] for name in models)) for end in (0, 2))
            colours = dict(zip(firsts, colours_for(len(firsts)), strict=True))
            for name, (horizons, errors) in models.items():
                first, _, rest = name.partition(",")
                look = LOOKS[rests.index(rest) % len(LOOKS)]
                axes.plot(horizons, errors, look, markersize=3.5, linewidth=1.5, color=colours[first], label=name)
            for (name, (horizons, errors)), dashes in zip(floors.items(), DASHES, strict=False):
                axes.plot(horizons, errors, linestyle=dashes, color=FAINT, linewidth=1.2, label=name)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("horizon (s)")
            axes.set_ylabel(label)
        figure.axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), labelspacing=0.7)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
        return save(figure, path)
