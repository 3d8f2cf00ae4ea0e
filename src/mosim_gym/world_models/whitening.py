"""`Whitening`: numbers in units of their standard deviation over data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST = 1e-6
"""A column whose standard deviation is smaller is taken as constant, and is not divided by it."""


class Whitening(nn.Module):
    """`x → (x - mean) / scale` for numbers `(..., size)`. Before `fit` it changes nothing."""

    mean: Tensor
    scale: Tensor
    most: Tensor

    def __init__(self, size: int) -> None:
        """For `size` columns."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.register_buffer("most", torch.full((size,), torch.inf))

    def fit(self, rows: Tensor) -> None:
        """Take mean, standard deviation and largest whitened magnitude of each column of `rows (N, size)`."""
        spread, mean = torch.std_mean(rows.double(), dim=0, correction=0)
        self.mean.copy_(mean)
        self.scale.copy_(torch.where(spread > LEAST, spread, 1.0))
        self.most.copy_(self(rows).abs().amax(0))

    def forward(self, x: Tensor) -> Tensor:
        """Whitened numbers."""
        return (x - self.mean) / self.scale

    def inverse(self, whitened: Tensor) -> Tensor:
        """The numbers of whitened ones, which are clipped to the magnitudes in the data, so that no prediction grows without bounds."""
        return torch.clamp(whitened, -self.most, self.most) * self.scale + self.mean
