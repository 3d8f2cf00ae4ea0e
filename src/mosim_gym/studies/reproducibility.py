"""How far the same rollouts differ where the processor or the number of threads does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mosim_gym.evaluation.tables import table
from mosim_gym.studies.measured import measured

HORIZONS = (1, 16, 100)
LEAST = 1e-12
"""A variance below this is of a dimension that does not move."""


def differences(states: np.ndarray, others: np.ndarray, variance: np.ndarray) -> dict[str, dict[str, float]]:
    """The difference of rollouts `(B, T, nq + nv)` after each of `HORIZONS` steps, in deviations of the states.

    It is the root mean square over dimensions, whose `variance (nq + nv,)` it is beside: the median and the largest of all rollouts.
    """
    moves = variance > LEAST
    whitened = (states - others)[..., moves] / np.sqrt(variance[moves])
    found = {h: np.sqrt(np.square(whitened[:, h - 1]).mean(-1)) for h in HORIZONS}
    return {str(h): {"median": float(np.median(each)), "largest": float(each.max())} for h, each in found.items()}


def reproducibility_table(report: Mapping[str, Any]) -> str:
    """For each model the largest differences of all ways to compute it."""
    rows: list[list[str]] = []
    for name, ways in report["models"].items():
        shown: list[str] = []
        for h in map(str, HORIZONS):
            median, largest = (max(way[h][kind] for way in ways.values()) for kind in ("median", "largest"))
            shown.append(f"{median:.0e} / {largest:.0e}")
        rows.append([f"`{name}`", *shown])
    ways = ", ".join(next(iter(report["models"].values())))
    note = (
        f"Median / largest of {report['segments']} rollouts, in deviations of the states, the largest of: {ways}. "
        f"{measured(report)}"
    )
    return f"{table(['Model', *(f'after {h} step' + 's' * (h > 1) for h in HORIZONS)], rows)}\n\n{note}"
