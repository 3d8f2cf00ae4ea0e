"""`Normaliser`: observations in units of their deviation so far."""

from __future__ import annotations

import torch
from torch import Tensor


class Normaliser:
    """Running mean and deviation of observations `(B, n)`."""

    def __init__(self, size: int) -> None:
        """The statistics change nothing before the first `update`."""
        self.mean, self.var, self.count = torch.zeros(size), torch.ones(size), 1e-4

    def update(self, x: Tensor) -> None:
        """Update mean and deviation by `x (B, n)`."""
        mean, var, count = x.mean(0), x.var(0, unbiased=False), len(x)
        total = self.count + count
        delta = mean - self.mean
        self.mean = self.mean + delta * count / total
        self.var = (self.var * self.count + var * count + delta.square() * self.count * count / total) / total
        self.count = total

    def __call__(self, x: Tensor) -> Tensor:
        """`x` in units of its deviation."""
        return (x - self.mean) / (self.var + 1e-5).sqrt()
