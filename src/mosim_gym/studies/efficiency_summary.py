"""What the cells of the benchmark of sample efficiency say together: interquartile means over episodes and seeds, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

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
