"""Plots of learning: returns against training time, and against real steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mosim_gym.pictures.plots import COLOURS, FAINT, MAX_RETURN, save, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODEL, REAL = COLOURS[0], COLOURS[1]
DASHED, ONE_SEED = (0, (4, 1.6)), "dashed: one seed"
LEVELS = ("-", (0, (6, 3)), (0, (2, 2)), "-.")  # of horizontal lines
PANELS_A_ROW = 3
Curve = Sequence[Mapping[str, float]]


def chosen_point(curve: Curve) -> Mapping[str, float]:
    """The evaluation of a training run whose policy was kept: the last one if the run stopped at its mark, else the first with the highest
    return of the lowest member.
    """
    stopped = curve[-1].get("confirmed", False)
    return curve[-1] if stopped else max(curve, key=lambda point: point.get("lowest_member", point["return_in_model"]))


def learning_plot(
    path: str | Path,
    curves: Sequence[Curve],
    real: Sequence[Mapping[str, Any]] = (),
    *,
    title: str = "",
    levels: Mapping[str, float] | None = None,
    reality: str = "dm_control",
) -> Path:
    """Plot the return in the model against training time, a curve for each seed.

    `real` has the real return of each seed's chosen policy, as from `PolicyReturn.summary`. It is shown at the time when that policy was
    found. `levels` are returns that others reached, as horizontal lines. `reality` is what the policies were played in.
    """
    from matplotlib.figure import Figure

    _check_curves("learning_plot", curves)
    with style():
        figure = Figure(figsize=(7.4, 3.6), layout="constrained")
        axes = figure.subplots()
        for number, curve in enumerate(curves):
            minutes = np.array([point["seconds"] for point in curve]) / 60
            mean = np.array([point["return_in_model"] for point in curve])
            spread = np.array([point.get("std", 0.0) for point in curve])
            first = number == 0
            _line(axes, minutes, mean, MODEL, len(curves), "in the model" if first else None)
            _band(
                axes, minutes, mean, spread, MODEL, "± 1 standard deviation\nof the episodes there" if first else None
            )
            if number < len(real):
                label = _label_of_real(real, reality) if first else None
                _marker(axes, chosen_point(curve)["seconds"] / 60, real[number], label)
        _levels(axes, levels or {})
        axes.set_xlabel("training time (min)")
        axes.set_ylabel("return of an episode")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        _legend_beside(axes, title, note=ONE_SEED if len(curves) == 1 else "")
        return save(figure, path)


def _label_of_real(real: Sequence[Mapping[str, Any]], reality: str) -> str:
    means = ", ".join(f"{other['mean']:.0f}" for other in real)
    episodes = real[0]["episodes"]
    return f"in {reality}: {means}\n({episodes} episode{'s' * (episodes > 1)} of the policy\nchosen in the model, 95 % interval)"


def _marker(axes: Axes, at: float, real: Mapping[str, Any], label: str | None) -> None:
    """A real return with its interval."""
    mean, (low, high) = real["mean"], real["interval_95"]
    bars = [[max(0.0, mean - low)], [max(0.0, high - mean)]]
    axes.errorbar([at], [mean], yerr=bars, fmt="o", color=REAL, capsize=4, zorder=5, label=label)


def watched_plot(
    path: str | Path, runs: Mapping[str, Sequence[Curve]], *, world: str = "the model", title: str = ""
) -> Path:
    """Plot the return in `world` and the `real` return of the same policies against training time in minutes.

    Each kind of run has a panel, with a curve for each of its seeds.
    """
    from matplotlib.figure import Figure

    _check_curves("watched_plot", [curve for seeds in runs.values() for curve in seeds])
    columns = min(PANELS_A_ROW, len(runs))
    rows = math.ceil(len(runs) / columns)
    with style():
        figure = Figure(figsize=(9.0, 0.9 + 2.1 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, (kind, seeds) in zip(panels.flat, runs.items(), strict=False):
            for number, curve in enumerate(seeds):
                keys = ("seconds", "real", "real_std", "return_in_model")
                at, real, std, imagined = (np.array([point[key] for point in curve]) for key in keys)
                width = 1.0 if number else 1.9
                _line(axes, at / 60, imagined, MODEL, len(seeds), f"in {world}", linewidth=width)
                _line(axes, at / 60, real, REAL, len(seeds), "in dm_control", linewidth=width)
                _band(axes, at / 60, real, std, REAL, "± 1 standard deviation of the episodes there")
            axes.set_title(kind, fontsize=9.5)
            axes.label_outer()
        for axes in list(panels.flat)[len(runs) :]:
            axes.set_visible(False)
        panels[0, 0].set_xlim(left=0)
        panels[0, 0].set_ylim(bottom=0)
        for axes in panels[:, 0]:
            axes.set_ylabel("return of an episode")
        for axes in panels[-1]:
            axes.set_xlabel(f"training time in {world} (min)")
        _shared_legend(figure, panels[0, 0], note=_seeds_note([len(seeds) for seeds in runs.values()]))
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
        return save(figure, path)


def _seeds_note(counts: Sequence[int]) -> str:
    """The note on lines for panels with `counts` seeds each."""
    if set(counts) == {1}:
        return ONE_SEED
    return "thin: the second seed" + (f"; {ONE_SEED}" if 1 in counts else "")


def real_steps_plot(
    path: str | Path, curves: Sequence[Curve], *, title: str = "", levels: Mapping[str, float] | None = None
) -> Path:
    """Plot the real `return` against `real_steps`, a curve for each seed. `levels` are returns that others reached, as horizontal lines."""
    from matplotlib.figure import Figure

    _check_curves("real_steps_plot", curves)
    with style():
        figure = Figure(figsize=(7.4, 3.6), layout="constrained")
        axes = figure.subplots()
        for number, curve in enumerate(curves):
            steps, returns = (np.array([point[name] for point in curve]) for name in ("real_steps", "return"))
            label = None if number else "in dm_control"
            _line(axes, steps / 1000, returns, COLOURS[0], len(curves), label, marker="o", markersize=4)
        _levels(axes, levels or {})
        _against_real_steps(axes)
        _legend_beside(axes, title, note=ONE_SEED if len(curves) == 1 else "")
        return save(figure, path)


def sample_efficiency_plot(
    path: str | Path, curves: Mapping[str, Sequence[Curve]], levels: Mapping[str, float], *, title: str = ""
) -> Path:
    """Plot the real `return` against `real_steps` for several strategies: the mean of the seeds, and a band from the lowest to the highest.

    `levels` are returns that need no real steps, or that others reached, as horizontal lines.
    """
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(8.6, 4.2), layout="constrained")
        axes = figure.subplots()
        several = False
        for (name, seeds), colour in zip(curves.items(), itertools.cycle(COLOURS), strict=False):
            shared = range(min(len(curve) for curve in seeds))
            steps = np.array([seeds[0][i]["real_steps"] for i in shared]) / 1000
            returns = np.array([[curve[i]["return"] for i in shared] for curve in seeds])
            if len(seeds) > 1:
                several = True
                axes.fill_between(steps, returns.min(0), returns.max(0), color=colour, alpha=0.13, linewidth=0)
            label = f"{name}, {len(seeds)} seed{'s' * (len(seeds) > 1)}"
            _line(axes, steps, returns.mean(0), colour, len(seeds), label, marker="o", markersize=4)
        if several:
            axes.fill_between([], [], [], color=FAINT, alpha=0.2, linewidth=0, label="band: lowest to highest seed")
        _levels(axes, levels)
        _against_real_steps(axes)
        one = any(len(seeds) == 1 for seeds in curves.values())
        _legend_beside(axes, title, note=ONE_SEED if one else "")
        return save(figure, path)


def _check_curves(name: str, curves: Sequence[Curve]) -> None:
    if not curves or not all(len(curve) for curve in curves):
        raise ValueError(f"{name} needs at least one curve, and at least one point on every curve.")


def _line(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str, seeds: int, label: str | None, **look: Any) -> None:
    """A curve, dashed if there is only one seed."""
    axes.plot(x, y, linestyle="-" if seeds > 1 else DASHED, color=colour, label=label, **look)


def _band(axes: Axes, x: np.ndarray, mean: np.ndarray, spread: np.ndarray, colour: str, label: str | None) -> None:
    """The band of mean ± spread, within the range of returns."""
    low, high = (np.clip(mean + side * spread, 0, MAX_RETURN) for side in (-1, 1))
    axes.fill_between(x, low, high, color=colour, alpha=0.14, linewidth=0, label=label)


def _levels(axes: Axes, levels: Mapping[str, float]) -> None:
    """Horizontal lines with their names in the legend."""
    ordered = sorted(levels.items(), key=lambda item: -item[1])
    for (name, level), line in zip(ordered, itertools.cycle(LEVELS), strict=False):
        axes.axhline(level, color=FAINT, linewidth=1.2, linestyle=line, label=f"{name}: {level:.0f}")


def _against_real_steps(axes: Axes) -> None:
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("real control steps (thousands)")
    axes.set_ylabel("return of an episode in dm_control")


def _legend_beside(axes: Axes, title: str, *, note: str = "") -> None:
    """A legend to the right of the axes, and a title above them."""
    axes.legend(
        loc="center left", bbox_to_anchor=(1.0, 0.5), title=note or None, title_fontsize=8.5, alignment="left",
        labelspacing=0.7,
    )  # fmt: skip
    if title:
        axes.set_title(title, loc="left", fontweight="bold")


def _shared_legend(figure: Figure, axes: Axes, *, note: str) -> None:
    """One legend for all panels, below them, with each label of `axes` once, and the note."""
    from matplotlib.lines import Line2D

    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(reversed(labels), reversed(handles), strict=True))  # of each the first
    order = list(dict.fromkeys(labels))
    lines = [named[label] for label in order]
    figure.legend(
        [*lines, Line2D([], [], linestyle="none")],
        [*order, note],
        loc="outside lower center",
        ncols=len(order) + 1,
        columnspacing=1.6,
    )
