"""Muon: momentum made orthogonal, for the hidden matrices of stacked ensembles.

For a matrix W with gradient G: `B ← μ B + G`, `W ← W - η √max(1, rows/columns) · orth(G + μ B)`, where orth replaces all singular values by
(nearly) one through five Newton-Schulz steps `X ← a X + (b A + c A²) X`, `A = X Xᵀ`. The leading axis (ensemble members) is of separate
matrices.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5


def orthogonalised(matrix: Tensor, *, dtype: torch.dtype = torch.float32) -> Tensor:
    """The nearest (semi-)orthogonal matrix, roughly: singular values end between 0.7 and 1.2.

    The iteration pulls singular values together from wherever they are, so that products in bfloat16 serve it as well.
    """
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.mT if tall else matrix
    x = (x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)).to(dtype)
    for _ in range(_ITERATIONS):
        square = torch.bmm(x, x.mT)
        polynomial = torch.baddbmm(square, square, square, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    return (x.mT if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Muon for parameters `(members, rows, columns)`; `weight_decay` is decoupled."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        *,
        momentum: float = 0.95,
        weight_decay: float = 1e-3,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """`lr` is the size of an update's singular values; products are made in `dtype`."""
        self._dtype = dtype
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One update of every parameter with a gradient."""
        for group in self.param_groups:
            momentum = group["momentum"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                buffer = state["momentum"].mul_(momentum).add_(parameter.grad)
                update = orthogonalised(parameter.grad.add(buffer, alpha=momentum), dtype=self._dtype)
                scale = max(1.0, parameter.shape[-2] / parameter.shape[-1]) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"] * scale)
