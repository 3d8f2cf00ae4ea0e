"""Plots of learning: returns against training time, and against real steps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mosim_gym.evaluation.plots import COLOURS, FAINT, MAX_RETURN, colours_for, save, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_plot(
    path: str | Path,
    curves: Sequence[Sequence[Mapping[str, float]]],
    real: Sequence[Mapping[str, Any]] = (),
    *,
    title: str = "",
) -> Path:
    """Plot the return in the model against training time, a curve for each seed, and at the end of each the `real` return of its policy,
    as `PolicyReturn.summary` has it.
    """
    from matplotlib.figure import Figure

    if not curves or not all(len(curve) for curve in curves):
        raise ValueError("learning_plot needs at least one curve, and at least one point on every curve.")
    with style():
        figure = Figure(figsize=(6.2, 3.6), layout="constrained")
        axes = figure.subplots()
        for number, curve in enumerate(curves):
            minutes = np.array([point["seconds"] for point in curve]) / 60
            mean = np.array([point["return_in_model"] for point in curve])
            spread = np.array([point.get("std", 0.0) for point in curve])
            low, high = (np.clip(mean + side * spread, 0, MAX_RETURN) for side in (-1, 1))
            axes.fill_between(minutes, low, high, color=COLOURS[0], alpha=0.12, linewidth=0)
            axes.plot(minutes, mean, color=COLOURS[0], label=None if number else "in the model")
            if number < len(real):
                end, (low, high) = real[number]["mean"], real[number]["interval_95"]
                bars = [[max(0.0, end - low)], [max(0.0, high - end)]]
                means = ", ".join(f"{other['mean']:.0f}" for other in real)
                label = f"real, {real[number]['episodes']} episodes: {means}"
                axes.errorbar(
                    minutes[-1:],
                    [end],
                    yerr=bars,
                    fmt="o",
                    color=COLOURS[1],
                    capsize=4,
                    label=None if number else label,
                )
        axes.set_xlabel("minutes of training")
        axes.set_ylabel("return of an episode")
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.legend(loc="lower right")
        if title:
            axes.set_title(title, loc="left", fontweight="bold")
        return save(figure, path)


def watched_plot(
    path: str | Path, runs: Mapping[str, Sequence[Mapping[str, float]]], *, world: str = "the model", title: str = ""
) -> Path:
    """Plot training runs in `world` that were watched from reality: by minutes, the `real` return (solid, one standard deviation as a band)
    and the `return_in_model` (dashed) of the same policies. Runs that differ in their seed alone, as in `box, seed 1`, share a colour.
    """
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(7.4, 3.8), layout="constrained")
        axes = figure.subplots()
        kinds = list(dict.fromkeys(name.partition(", seed")[0] for name in runs))
        colours = dict(zip(kinds, colours_for(len(kinds)), strict=True))
        known: set[str] = set()
        for name, curve in runs.items():
            kind = name.partition(", seed")[0]
            colour, drawn = colours[kind], kind in known
            known.add(kind)
            keys = ("seconds", "real", "real_std", "return_in_model")
            at, real, std, imagined = (np.array([point[key] for point in curve]) for key in keys)
            low, high = (np.clip(real + side * std, 0, MAX_RETURN) for side in (-1, 1))
            axes.fill_between(at / 60, low, high, color=colour, alpha=0.12, linewidth=0)
            axes.plot(at / 60, real, color=colour, label=None if drawn else f"{kind}: real")
            axes.plot(at / 60, imagined, "--", color=colour, linewidth=1.1, label=None if drawn else f"in {world}")
        axes.set_xlabel(f"minutes of training in {world}")
        axes.set_ylabel("return of an episode")
        axes.set_ylim(bottom=0)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        if title:
            axes.set_title(title, loc="left", fontweight="bold")
        return save(figure, path)


def real_steps_plot(path: str | Path, curves: Sequence[Sequence[Mapping[str, float]]], *, title: str = "") -> Path:
    """Plot the real `return` against `real_steps`, a curve for each seed."""
    from matplotlib.figure import Figure

    if not curves or not all(len(curve) for curve in curves):
        raise ValueError("real_steps_plot needs at least one curve, and at least one point on every curve.")
    with style():
        figure = Figure(figsize=(6.2, 3.6), layout="constrained")
        axes = figure.subplots()
        for curve in curves:
            steps, returns = ([point[name] for point in curve] for name in ("real_steps", "return"))
            axes.plot(steps, returns, "o-", color=COLOURS[0], markersize=4)
        _against_real_steps(axes, title)
        return save(figure, path)


def sample_efficiency_plot(
    path: str | Path,
    curves: Mapping[str, Sequence[Sequence[Mapping[str, float]]]],
    levels: Mapping[str, float],
    *,
    title: str = "",
) -> Path:
    """Plot the real `return` against `real_steps` for several strategies, each with a curve for every seed and their mean.

    `levels` are returns that need no real steps, or that others reached, as horizontal lines.
    """
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(7.4, 3.8), layout="constrained")
        axes = figure.subplots()
        for (name, seeds), colour in zip(curves.items(), itertools.cycle(COLOURS), strict=False):
            for curve in seeds:
                steps, returns = ([point[key] for point in curve] for key in ("real_steps", "return"))
                axes.plot(steps, returns, color=colour, linewidth=0.8, alpha=0.5)
            shared = range(min(len(curve) for curve in seeds))
            steps = [seeds[0][i]["real_steps"] for i in shared]
            mean = [float(np.mean([curve[i]["return"] for curve in seeds])) for i in shared]
            label = f"{name}, {len(seeds)} seed{'s' * (len(seeds) > 1)}"
            axes.plot(steps, mean, "o-", color=colour, markersize=4, label=label)
        dashes = itertools.cycle(("-", "--", "-.", ":"))
        for (name, level), line in zip(levels.items(), dashes, strict=False):
            axes.axhline(level, color=FAINT, linewidth=1.2, linestyle=line, label=name)
        _against_real_steps(axes, title)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return save(figure, path)


def _against_real_steps(axes: Axes, title: str) -> None:
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("real control steps")
    axes.set_ylabel("real return of an episode")
    if title:
        axes.set_title(title, loc="left", fontweight="bold")
