"""How well one number ranks another, and how well it tells two sets apart."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def ranks(values: Array) -> Array:
    """The ranks of `values (N,)`, from 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def rank_correlation(first: Array, second: Array) -> float:
    """Spearman's rank correlation of `first (N,)` and `second (N,)`; NaN where one of them is constant."""
    a, b = (found - found.mean() for found in (ranks(first), ranks(second)))
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale else float("nan")


def area_under_roc(inside: Array, outside: Array) -> float:
    """The probability that a value of `outside (M,)` is larger than one of `inside (N,)`, ties counted half: 0.5 tells nothing apart."""
    found = ranks(np.concatenate((inside, outside)))[len(inside) :]
    return float((found.sum() - len(outside) * (len(outside) + 1) / 2) / (len(inside) * len(outside)))
