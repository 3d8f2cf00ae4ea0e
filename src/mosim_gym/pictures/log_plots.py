"""Plots of logged motion: what it covers, how regular its rows are, noise, lag, and a few seconds of it. They take plain arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mosim_gym.pictures.plots import COLOURS, colours_for, headed, save, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
MOST_PANELS = 24
"""Quantities that a plot shows."""
COLUMNS, BINS = 3, 60
MOST_STEPS = 2.5
"""Control steps up to which times from row to row are shown; longer ones count as that."""


class Quantity(NamedTuple):
    """A measured quantity by name: its unit, if it has one, its `values (rows,)`, and its range, if it has one."""

    name: str
    unit: str
    values: Array
    range: tuple[float, float] | None = None

    @property
    def label(self) -> str:
        """The name with the unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def histogram_plot(path: str | Path, quantities: Sequence[Quantity], title: str) -> Path:
    """Plot how often each quantity has which values, in percent of the rows. Dashed lines are the ends of its range."""
    from matplotlib.figure import Figure

    shown = _shown(quantities, "histogram_plot")
    rows = math.ceil(len(shown) / COLUMNS)
    with style():
        figure = Figure(figsize=(9.0, 0.7 + 1.65 * rows), layout="constrained")
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axes, quantity in zip(panels, shown, strict=False):
            values = quantity.values
            axes.hist(values, bins=BINS, weights=np.full(len(values), 100 / max(1, len(values))), color=COLOURS[0])
            for end in quantity.range or ():
                if np.isfinite(end):
                    axes.axvline(end, color=COLOURS[1], linestyle="--", linewidth=1.2)
            axes.set_xlabel(quantity.label)
            axes.locator_params(nbins=5)
            axes.grid(axis="x", visible=False)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        figure.supylabel("share of the rows (%)", fontsize=9.5)
        ranged = any(quantity.range is not None for quantity in shown)
        said = f"{title}; dashed: the ends of a range" if ranged else title
        headed(figure, said, len(quantities) - len(shown))
        return save(figure, path)


def step_plot(path: str | Path, seconds: Array, control_step: float, lengths: Array) -> Path:
    """Plot the time from row to row that positions and velocities imply (`seconds`), and the durations of the segments, `lengths` (s)."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(9.0, 2.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        quarters = np.quantile(seconds, (0.25, 0.75)) if len(seconds) else np.zeros(2)
        near = 1000 * float(np.diff(quarters)[0]) / 2
        left.hist(
            1000 * np.clip(seconds, 0, MOST_STEPS * control_step),
            bins=BINS,
            range=(0, 1000 * MOST_STEPS * control_step),
            weights=np.full(len(seconds), 100 / max(1, len(seconds))),
            color=COLOURS[0],
        )
        said = f"the control step\n(half of the rows: ± {near:.2g} ms)"
        left.axvline(1000 * control_step, color=COLOURS[1], linestyle="--", linewidth=1.2, label=said)
        left.set_xlabel("time from row to row by positions and velocities (ms)")
        left.set_ylabel("share of the fast rows (%)")
        left.legend(loc="upper right")
        right.hist(lengths, bins=min(BINS, max(5, len(lengths))), color=COLOURS[0])
        right.set_xlabel("duration of a segment (s)")
        right.set_ylabel("segments")
        right.yaxis.get_major_locator().set_params(integer=True)
        headed(figure, f"Rate: a row every {1000 * control_step:.4g} ms ({1 / control_step:.4g} Hz)")
        return save(figure, path)


def noise_plot(path: str | Path, shares: Mapping[str, float], noisy: float) -> Path:
    """Plot for each velocity which share of its change in one step is noise. From `noisy` on there is too much of it."""
    from matplotlib.figure import Figure

    shown = dict(sorted(shares.items(), key=lambda item: -item[1])[:MOST_PANELS])
    if not shown:
        raise ValueError("noise_plot needs at least one velocity.")
    with style():
        figure = Figure(figsize=(6.4, 1.2 + 0.24 * len(shown)), layout="constrained")
        axes = figure.subplots()
        axes.barh(list(shown), [100 * share for share in shown.values()], color=COLOURS[0], height=0.7)
        axes.axvline(100 * noisy, color=COLOURS[1], linestyle="--", linewidth=1.2)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("noise of a velocity beside its change in a step (%)")
        headed(figure, "Noise of velocities; dashed: much", len(shares) - len(shown))
        return save(figure, path)


def lag_plot(
    path: str | Path, seconds: Array, explained: Array, lag: tuple[float, float] | None, control_step: float
) -> Path:
    """Plot the share of the accelerations `explained (parts, N)` by commands that are shifted by `seconds (N,)`.

    `lag` is the estimate with its spread (s), or None if it is unknown. Each part of the data is a thin line.
    """
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(6.4, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(1000 * seconds, 100 * explained.T, color=COLOURS[0], linewidth=0.7, alpha=0.5)
        axes.plot(1000 * seconds, 100 * np.median(explained, axis=0), color=COLOURS[0], label="median of the parts")
        if lag is not None:
            middle, spread = (1000 * value for value in lag)
            said = f"lag: {middle:.1f} ± {spread:.1f} ms ({middle / 1000 / control_step:.2f} steps)"
            axes.axvline(middle, color=COLOURS[1], linestyle="--", linewidth=1.4, label=said)
            axes.axvspan(middle - spread, middle + spread, color=COLOURS[1], alpha=0.14, linewidth=0)
        axes.set_xlabel("shift of the commands (ms)")
        axes.set_ylabel("accelerations that commands explain\nbeside the state (%)")
        axes.margins(x=0)
        axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
        axes.legend(loc="best")
        headed(figure, "How late motion follows its commands" + (" (unknown)" if lag is None else ""))
        return save(figure, path)


def motion_plot(path: str | Path, times: Array, groups: Mapping[str, Sequence[Quantity]], title: str) -> Path:
    """Plot quantities over `times` (s). Each group has a panel, with a line for each of its quantities and their unit at the side.

    Quantities with fewer values, as commands are, are held from value to value.
    """
    from matplotlib.figure import Figure

    filled = {name: list(quantities) for name, quantities in groups.items() if quantities}
    if not filled:
        raise ValueError("motion_plot needs at least one quantity.")
    with style():
        figure = Figure(figsize=(9.0, 0.8 + 1.9 * len(filled)), layout="constrained")
        panels = figure.subplots(len(filled), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, quantities) in zip(panels, filled.items(), strict=True):
            _lines(axes, times, quantities)
            axes.set_ylabel(name)
            axes.margins(x=0)
        panels[-1].set_xlabel("time (s)")
        headed(figure, title)
        return save(figure, path)


def _lines(axes: Axes, times: Array, quantities: Sequence[Quantity]) -> None:
    """A line for each quantity, and a legend beside them."""
    shown = quantities[: 2 * len(COLOURS)]
    for place, (quantity, colour) in enumerate(zip(shown, colours_for(len(shown)), strict=True)):
        held = len(quantity.values) < len(times)
        axes.plot(
            times[: len(quantity.values)], quantity.values, color=colour, linewidth=1.3, label=quantity.label,
            linestyle="-" if place < len(COLOURS) else "--", drawstyle="steps-post" if held else "default",
        )  # fmt: skip
    left = len(quantities) - len(shown)
    axes.legend(
        loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, title=f"and {left} more" if left else None,
        title_fontsize=8,
    )  # fmt: skip


def _shown(quantities: Sequence[Quantity], name: str) -> Sequence[Quantity]:
    if not quantities:
        raise ValueError(f"{name} needs at least one quantity.")
    return quantities[:MOST_PANELS]
