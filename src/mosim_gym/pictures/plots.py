"""Plots, all in one style. Figures are made without pyplot, so matplotlib's global state does not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.policies.playing import PolicyReturn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_RETURN = 1000.0  # of an episode of any task
COLOURS = (
    "#2f6db3",
    "#d9622b",
    "#3b9b6d",
    "#8a5fb0",
    "#c2a021",
    "#5b6470",
)  # told apart in grey and by the colour-blind
INK, FAINT, GRID = "#2b323c", "#6b7480", "#e4e8ed"


@contextmanager
def style() -> Iterator[None]:
    """A context in which figures have the package's style."""
    from cycler import cycler
    from matplotlib import rc_context

    settings: dict[Any, Any] = {
        "figure.dpi": 160,
        "savefig.dpi": 160,
        "figure.facecolor": "white",
        "font.family": "sans-serif",
        "font.size": 9.5,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": FAINT,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.titlepad": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=COLOURS),
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.major.size": 3,
        "ytick.major.size": 3,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "legend.handlelength": 2.4,
        "svg.hashsalt": "mosim_gym",  # the same bytes every time
    }
    with rc_context(settings):
        yield


def save(figure: Figure, path: str | Path) -> Path:
    """Write `figure` in the format of the path's ending, atomically and without a date."""
    path = Path(path)
    content = BytesIO()
    kind = path.suffix.lower().removeprefix(".")
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    figure.savefig(content, format=kind, metadata=metadata)
    if kind == "png":  # lines and letters need few colours
        picture = Image.open(content).convert("RGB").quantize(64, kmeans=2)
        content = BytesIO()
        picture.save(content, "png", optimize=True)
    return write_atomically(path, content.getvalue())


def headed(figure: Figure, title: str, left: int = 0) -> None:
    """Write the title above `figure`, and how many quantities were `left` out of it."""
    said = f"{title} ({left} more are not shown)" if left > 0 else title
    figure.suptitle(said, x=0.01, ha="left", fontsize=10.5, fontweight="bold")


def return_plot(
    path: str | Path,
    results: PolicyReturn | Mapping[str, PolicyReturn],
    title: str = "",
    *,
    control_step: float | None = None,
) -> Path:
    """Plot the reward of every step (left) and the return so far (right) of each episode, with mean and spread.

    Give a mapping to compare several policies or environments by name. The horizontal axis is in seconds if
    `control_step` (s) is given, else in steps. The line is the mean and the band one standard deviation over the
    episodes still running; thin lines are single episodes.
    """
    from matplotlib.figure import Figure

    named = {"": results} if isinstance(results, PolicyReturn) else dict(results)
    if not named:
        raise ValueError("return_plot needs at least one result.")
    with style():
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for (name, result), colour in zip(named.items(), colours_for(len(named)), strict=True):
            label = f"{name}: " if name else ""
            low, high = result.interval
            _curves(left, list(result.rewards), colour, control_step, label=name)
            cumulated = [rewards.cumsum() for rewards in result.rewards]
            text = (
                f"{label}{result.mean:.0f} ({low:.0f} to {high:.0f})"
                if result.episodes > 1
                else f"{label}{result.mean:.0f}"
            )
            _curves(right, cumulated, colour, control_step, label=text)
        for axes, heading in ((left, "Reward of a step"), (right, "Return so far")):
            axes.set_title(heading)
            axes.set_xlabel("control steps" if control_step is None else "time (s)")
            axes.margins(x=0)
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        left.set_ylim(top=max(1.02, left.get_ylim()[1]))  # rewards of the suite end at 1
        several = any(result.episodes > 1 for result in named.values())
        about = "mean return (95 % interval);\nband: ± 1 standard deviation of the episodes" if several else "return"
        right.legend(loc="upper left", title=about, title_fontsize=8.5, alignment="left")
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        return save(figure, path)


def _curves(axes: Axes, curves: list[np.ndarray], colour: str, control_step: float | None, *, label: str) -> None:
    """Single curves (thin), their mean (thick) and one standard deviation (band) over those that reach each step."""
    length = max(len(curve) for curve in curves)
    table = np.full((len(curves), length), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    x = (np.arange(length) + 1) * (1.0 if control_step is None else control_step)
    mean, spread = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    if len(curves) > 1:
        axes.plot(x, table.T, color=colour, alpha=min(0.35, 3 / len(curves)), linewidth=0.6)
        axes.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.16, linewidth=0)
    axes.plot(x, mean, color=colour, label=label)


def colours_for(count: int) -> list[str]:
    """`count` colours. The first ones are the easiest to tell apart."""
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def _points(curve: Mapping[str, float]) -> tuple[list[int], list[float]]:
    """The horizons in order, and the errors at them. A file may have them in any order."""
    steps = sorted(int(step) for step in curve)
    return steps, [curve[str(step)] for step in steps]


FLOORS = {
    "hold last": ("nothing moves (hold last)", (0, (4, 2))),
    "linear model": ("linear model", (0, (1, 1))),
    "chaos floor": ("chaos floor (MuJoCo,\nstart a little off)", "-."),
}
"""Baselines of the plots: the name in a report, the name in a plot, and the style of the line."""
HORIZON_TESTS = {"uniform": "uniform actions", "poisson": "Poisson actions, held for some steps"}


def horizon_plot(path: str | Path, report: Mapping[str, Any], title: str = "", *, control_step: float) -> Path:
    """Plot mean squared error against the horizon for all predictors of a `prediction_report`, on logarithmic axes.

    Each random test has a panel. Baselines, the chaos floor and the variance of the states are grey lines. `control_step` is in s.
    """
    from matplotlib.figure import Figure

    tests = {test: about for test, about in HORIZON_TESTS.items() if test in report["tests"]}
    if not tests:
        raise ValueError(f"horizon_plot needs a report with one of the tests {', '.join(HORIZON_TESTS)}.")
    with style():
        figure = Figure(figsize=(2.3 + 3.3 * len(tests), 3.4), layout="constrained")
        panels = figure.subplots(1, len(tests), sharex=True, sharey=True, squeeze=False)[0]
        for axes, (test, about) in zip(panels, tests.items(), strict=True):
            _horizon_curves(axes, report["tests"][test])
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_title(about, fontsize=9.5)
            axes.set_xlabel(f"control steps ahead, {control_step:g} s each")
        panels[0].set_ylabel("mean squared error of positions\nand velocities (m, rad, m/s, rad/s)²")
        panels[-1].legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), labelspacing=0.7
        )  # beside the curves, which may be anywhere
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
        return save(figure, path)


def _horizon_curves(axes: Axes, results: Mapping[str, Any]) -> None:
    """Models in colours, baselines in grey."""
    models = [name for name in results if name not in (*FLOORS, "state_variance")]
    for name, colour in zip(models, colours_for(len(models)), strict=True):
        axes.plot(*_points(results[name]["curve"]), color=colour, label=_model_name(name))
    for name, (label, dashes) in FLOORS.items():
        if name in results:
            axes.plot(*_points(results[name]["curve"]), linestyle=dashes, color=FAINT, linewidth=1.2, label=label)
    axes.axhline(results["state_variance"], color=FAINT, linestyle="-", linewidth=1.0, label="variance of the states")


def _model_name(name: str) -> str:
    """The name of a model in a plot. The precision has a line of its own."""
    parts = name.split(", ")
    fast = "fast" in parts[1:]
    shown = ", ".join(part for part in parts if part != "fast")
    return f"{shown}\n(fast precision)" if fast else shown


def speed_plot(path: str | Path, results: Mapping[str, Mapping[str, Any]], batches: Sequence[int]) -> Path:
    """Plot control steps a second against the number of environments, on an idle machine and beside a busy process.

    Peers are horizontal lines.
    """
    from matplotlib.figure import Figure

    lines = (
        ("float32", "idle", COLOURS[0], "-", "float32"),
        ("float32", "busy", COLOURS[0], ":", "float32, beside a busy process"),
        ("fast", "idle", COLOURS[1], "-", "fast"),
        ("fast", "busy", COLOURS[1], ":", "fast, beside a busy process"),
    )
    with style():
        figure = Figure(figsize=(6.8, 3.8), layout="constrained")
        axes = figure.subplots()
        for precision, way, colour, line, label in lines:
            names = {n: f"batch of {n}, {precision}" for n in batches}
            speeds = {n: results[name][way]["median"] for n, name in names.items() if way in results.get(name, {})}
            if speeds:
                axes.plot([*speeds], [*speeds.values()], f"o{line}", color=colour, markersize=4, label=label)
        peers = [name for name in results if "batch of" not in name and "single" not in name]
        dashes = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
        for name, line in zip(sorted(peers, key=lambda n: -results[n]["idle"]["median"]), dashes, strict=False):
            axes.axhline(results[name]["idle"]["median"], color=FAINT, linewidth=1.2, linestyle=line, label=name)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(list(batches), [f"{n:,}" for n in batches])
        axes.set_xlabel("environments in the batch")
        axes.set_ylabel("control steps a second")
        axes.set_title("CheetahRun, observation and reward included", loc="left", fontweight="bold")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return save(figure, path)


def error_panel(errors: np.ndarray, *, control_step: float, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture `(height, width, 3)` of prediction errors `(T,)` over time, and the picture's column of each step, to mark the present."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    times = control_step * np.arange(1, len(errors) + 1)
    with style():
        figure = Figure(figsize=(width / 100, height / 100), dpi=100, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.semilogy(times, np.maximum(errors, 1e-12), color=COLOURS[1])
        axes.set_xlim(0, times[-1])
        axes.set_ylabel("error²")
        axes.set_xlabel("s, open loop")
        canvas.draw()
        columns = axes.transData.transform(np.stack((times, np.full_like(times, axes.get_ylim()[0])), axis=1))[:, 0]
        picture = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return picture, np.clip(columns.round().astype(int), 0, width - 1)
