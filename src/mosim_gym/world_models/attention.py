"""A Transformer over the steps of a window, in which no step reads a later one."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CausalBlock(nn.Module):
    """`x + attention(norm(x))`, then `x + mlp(norm(x))`, for `x (B, T, width)`."""

    def __init__(self, width: int, heads: int) -> None:
        """The hidden layer of the MLP is four times as wide."""
        super().__init__()
        self._heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.join, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        parts = self.join(self.first(x)).unflatten(-1, (3, self._heads, -1)).movedim(-3, 0).transpose(-3, -2)
        seen = nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + self.leave(seen.transpose(-3, -2).flatten(-2))
        return x + self.mlp(self.second(x))


class CausalTransformer(nn.Module):
    """Maps `(B, T, inputs)` to `(B, T, outputs)` for T up to `length`. An output depends on the inputs up to its own step."""

    def __init__(self, inputs: int, outputs: int, *, width: int, layers: int, heads: int, length: int) -> None:
        """The head begins with zeros."""
        super().__init__()
        if width % heads:
            raise ValueError(f"width is {width}; it must be a multiple of heads, {heads}.")
        self.embed = nn.Linear(inputs, width)
        self.place = nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.Sequential(*(CausalBlock(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, outputs)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of all steps."""
        return self.head(self.norm(self.blocks(self.embed(x) + self.place[: x.shape[-2]])))
