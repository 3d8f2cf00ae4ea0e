"""What the cells of the benchmark of sample efficiency say together: interquartile means over episodes and seeds, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mosim_gym.evaluation.tables import table

Array = np.ndarray
RESAMPLES = 4_000


def interquartile_mean(returns: Array) -> float:
    """The mean of the middle half of `returns (N,)`."""
    ordered = np.sort(np.asarray(returns, float))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def summary(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of the cells of one task and strategy: the interquartile mean over all final episodes, its 95 % interval, and each seed's mean.

    The interval is by bootstrap over seeds and, within each, over episodes.
    """
    groups = [np.asarray(cell["returns"], float) for cell in cells]
    rng = np.random.default_rng(0)  # the interval is a function of the returns alone
    found = []
    for _ in range(RESAMPLES):
        drawn = [groups[i] for i in rng.integers(len(groups), size=len(groups))]
        found.append(interquartile_mean(np.concatenate([rng.choice(group, len(group)) for group in drawn])))
    low, high = np.percentile(found, [2.5, 97.5])
    return {
        "interquartile_mean": interquartile_mean(np.concatenate(groups)),
        "interval": [float(low), float(high)],
        "seeds": [float(group.mean()) for group in groups],
        "real_steps": int(np.mean([cell["real_steps"] for cell in cells])),
        "training_seconds": float(np.mean([cell["training_seconds"] for cell in cells])),
    }


def grouped(cells: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """Cells by task and strategy."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for cell in cells:
        groups[cell["task"], cell["strategy"]].append(cell)
    return dict(groups)


def efficiency_table(cells: Iterable[Mapping[str, Any]]) -> str:
    """Cells as a Markdown table, a row for each task and strategy."""
    rows = []
    for (task, strategy), seeds in grouped(cells).items():
        s = summary(seeds)
        low, high = s["interval"]
        between = f" ({low:.0f} to {high:.0f})" if len(s["seeds"]) > 1 else ""
        rows.append(
            [
                task,
                strategy,
                f"{s['real_steps']:,}",
                ", ".join(f"{mean:.0f}" for mean in s["seeds"]),
                f"**{s['interquartile_mean']:.0f}**{between}",
                f"{s['training_seconds'] / 60:.0f} min",
            ]
        )
    header = ["Task", "Strategy", "Real steps", "Mean return of each seed", "Interquartile mean (95 %)", "Training"]
    return table(header, rows)
