"""Residual networks whose ensemble members' weights are stacked, so that a member costs no Python."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mosim_gym.dynamics.config import Size
from mosim_gym.mechanics.names import UnknownName

ACTIVATIONS = {"silu": F.silu, "softplus": F.softplus, "tanh": torch.tanh}


class MemberLinear(nn.Module):
    """`members` affine maps side by side: `(E, B, inputs)` → `(E, B, outputs)`, or `(B, …)` for a single member.

    `exact` keeps the product in float32 under autocast: bfloat16 has three significant digits, too few for a state or an acceleration.
    """

    def __init__(self, members: int, inputs: int, outputs: int, *, exact: bool = False, zero: bool = False) -> None:
        """`zero` starts the map at zero, so that a residual block starts as the identity."""
        super().__init__()
        bound = 0.0 if zero else 1 / math.sqrt(max(inputs, 1))
        self.weight = nn.Parameter(torch.empty(members, outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, outputs).uniform_(-bound, bound))
        self.exact = exact

    def forward(self, x: Tensor) -> Tensor:
        """Apply each member's map to its own rows."""
        if self.exact and torch.is_autocast_enabled(x.device.type):
            with torch.autocast(x.device.type, enabled=False):
                return self._product(x.float())
        return self._product(x)

    def _product(self, x: Tensor) -> Tensor:
        if len(self.weight) == 1:
            return F.linear(x, self.weight[0], self.bias[0])
        return torch.matmul(x, self.weight.transpose(1, 2)) + self.bias[:, None]


class ResidualNet(nn.Module):
    """`x₀ = W x`, then blocks `x + V act(U norm(x))`, then `W' act(norm(x))`; a single hidden layer where there are no blocks.

    The residual stream stays in float32 under autocast. Layer norms have no scale of their own: the next product has one.
    """

    def __init__(
        self,
        members: int,
        inputs: int,
        outputs: int,
        size: Size,
        *,
        activation: str,
        layer_norm: bool,
        zero: bool = False,
    ) -> None:
        """`zero` starts the whole network at zero."""
        super().__init__()
        if activation not in ACTIVATIONS:
            raise UnknownName("activation", activation, list(ACTIVATIONS))
        self.activation, self.activate = activation, ACTIVATIONS[activation]
        self.normalise, self.width = layer_norm, size.width
        self.first = MemberLinear(members, inputs, size.width, exact=True)
        self.up = nn.ModuleList(MemberLinear(members, size.width, size.width) for _ in range(size.blocks))
        self.down = nn.ModuleList(MemberLinear(members, size.width, size.width, zero=True) for _ in range(size.blocks))
        self.last = MemberLinear(members, size.width, outputs, exact=True, zero=zero)

    def _norm(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, (self.width,)) if self.normalise else x

    def forward(self, x: Tensor) -> Tensor:
        """`(…, inputs)` → `(…, outputs)`."""
        x = self.first(x)
        for up, down in zip(self.up, self.down, strict=True):
            x = x + down(self.activate(up(self._norm(x)))).to(x.dtype)
        return self.last(self.activate(self._norm(x)))
