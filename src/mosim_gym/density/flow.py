"""`ResidualFlow`: an invertible map of K residual blocks to a standard normal, and with it an exact log-density.

    z₀ = (x - mean) / std,    z_{k+1} = z_k + g_k(z_k),    log p(x) = log N(z_K; 0, 1) + Σ_k log |det(1 + ∂g_k/∂z_k)| - Σ log std

Each g is a small network whose weight matrices have a spectral norm of at most c^(1/layers), c < 1, so that 1 + g can be inverted. The
Jacobians are multiplied block by block, exactly: a forward pass carries the tangents of all d coordinates along. It uses no random numbers,
so the same state always has the same density.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

STEEPEST = 1.1  # the largest slope of x σ(x): divided by it, the activation's slope is at most 1
NORM_ITERATIONS = 1  # of the power method, at each training step
ROUNDING = 1e-6  # by which a norm may exceed its bound, relatively


@dataclass(frozen=True)
class FlowConfig:
    """`blocks` residual blocks of `layers` matrices with `width` hidden units. The norm of a block's product stays below `contraction`."""

    blocks: int = 8
    width: int = 64
    layers: int = 3
    contraction: float = 0.97

    def __post_init__(self) -> None:
        """Raise `ValueError` for a setting of which no flow can be made."""
        if self.blocks < 1 or self.width < 1 or self.layers < 2:
            raise ValueError(
                f"blocks, width and layers are {self.blocks}, {self.width} and {self.layers}; they must be at least 1, 1 and 2."
            )
        if not 0 < self.contraction < 1:
            raise ValueError(
                f"contraction is {self.contraction}; it must be between 0 and 1, else the flow has no inverse."
            )


def flow_shapes(size: int, config: FlowConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights and statistics of a flow over `size` coordinates."""
    widths = [size, *[config.width] * (config.layers - 1), size]
    shapes: dict[str, tuple[int, ...]] = {"mean": (size,), "std": (size,)}
    for block in range(config.blocks):
        for layer, (inputs, outputs) in enumerate(pairwise(widths)):
            shapes[f"blocks.{block}.{layer}.weight"] = (outputs, inputs)
            shapes[f"blocks.{block}.{layer}.bias"] = (outputs,)
    return shapes


class ContractiveLinear(nn.Module):
    """`W x + b`, where `W` is scaled down to a spectral norm of at most `bound`.

    `left (outputs,)` and `right (inputs,)` follow the largest singular vectors by the power method while training.
    """

    left: Tensor
    right: Tensor

    def __init__(self, inputs: int, outputs: int, bound: float) -> None:
        """Random weights."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / math.sqrt(inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self._bound = bound
        self._settled = False  # whether the weight keeps its bound by itself
        self.register_buffer("left", nn.functional.normalize(torch.randn(outputs), dim=0))
        self.register_buffer("right", nn.functional.normalize(torch.randn(inputs), dim=0))
        self.refine(50)

    @torch.no_grad()
    def refine(self, iterations: int = NORM_ITERATIONS) -> None:
        """Make `iterations` steps of the power method, by which the weight is scaled from now on."""
        self._settled = False
        for _ in range(iterations):
            self.left.copy_(nn.functional.normalize(self.weight @ self.right, dim=0))
            self.right.copy_(nn.functional.normalize(self.weight.T @ self.left, dim=0))

    def matrix(self) -> Tensor:
        """The scaled weight. After `settle` it is the weight itself, to the last bit."""
        if self._settled:
            return self.weight
        norm = self.left @ (self.weight @ self.right)
        return self.weight * (self._bound / norm).clamp(max=1.0)

    @torch.no_grad()
    def settle(self) -> None:
        """Bound the weight itself, by its exact norm, unless it is bound up to rounding. Call it after training."""
        norm = float(torch.linalg.matrix_norm(self.weight.double(), 2))
        if norm > self._bound * (1 + ROUNDING):
            self.weight.mul_(self._bound / norm)
        self._settled = True


class ResidualFlow(nn.Module):
    """Densities of `x (B, size)`. `mean` and `std (size,)` whiten x."""

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, config: FlowConfig | None = None) -> None:
        """Blocks with random weights, and statistics that change nothing."""
        super().__init__()
        self.config = c = config or FlowConfig()
        self.size = size
        widths = [size, *[c.width] * (c.layers - 1), size]
        bound = c.contraction ** (1 / c.layers)
        self.blocks = nn.ModuleList(
            nn.ModuleList(ContractiveLinear(a, b, bound) for a, b in pairwise(widths)) for _ in range(c.blocks)
        )
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))

    def linears(self) -> list[ContractiveLinear]:
        """All layers of all blocks."""
        return [layer for layer in self.modules() if isinstance(layer, ContractiveLinear)]

    @torch.no_grad()
    def fit_statistics(self, x: Tensor) -> None:
        """Take mean and deviation of `x (N, size)`."""
        self.mean.copy_(x.mean(0))
        self.std.copy_(x.std(0).clamp(min=1e-6))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The normal variable `z (B, size)` of `x`, and `log |det ∂z/∂x|` `(B,)`."""
        z = (x - self.mean) / self.std
        jacobian = torch.eye(self.size, dtype=x.dtype, device=x.device).expand(
            len(x), -1, -1
        )  # transposed: (B, inputs, outputs)
        for block in self.blocks:
            step, tangents = z, jacobian
            for number, layer in enumerate(block):  # type: ignore[arg-type]
                matrix = layer.matrix()
                if number:
                    slope = torch.sigmoid(step)
                    tangents = ((slope + step * slope * (1 - slope)) / STEEPEST)[:, None] * tangents
                    step = step * slope / STEEPEST
                step = torch.addmm(layer.bias, step, matrix.T)
                tangents = nn.functional.linear(tangents, matrix)
            z, jacobian = z + step, jacobian + tangents
        return z, torch.linalg.slogdet(jacobian).logabsdet - self.std.log().sum()

    def log_density(self, x: Tensor) -> Tensor:
        """`log p(x)` `(B,)`, in nats."""
        z, log_det = self(x)
        return log_det - 0.5 * (z.square().sum(-1) + self.size * math.log(2 * math.pi))

    @torch.no_grad()
    def inverse(self, z: Tensor, iterations: int = 200) -> Tensor:
        """The `x (B, size)` of a normal variable `z`, block by block by the fixed point `x ← z - g(x)`."""
        for block in reversed(self.blocks):
            x = z
            for _ in range(iterations):
                x = z - self._step(block, x)
            z = x
        return z * self.std + self.mean

    @staticmethod
    def _step(block: Any, x: Tensor) -> Tensor:
        for number, layer in enumerate(block):
            x = torch.addmm(layer.bias, nn.functional.silu(x) / STEEPEST if number else x, layer.matrix().T)
        return x

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """`(count, size)` draws from the density."""
        return self.inverse(torch.randn(count, self.size, generator=generator))

    @torch.no_grad()
    def settle(self) -> ResidualFlow:
        """Make every bound exact. Call it after training."""
        for layer in self.linears():
            layer.refine(100)  # for training that goes on
            layer.settle()
        return self.eval()

    def described(self) -> dict[str, object]:
        """What is needed to build an equal flow, besides the weights."""
        return {"size": self.size, "config": asdict(self.config)}
