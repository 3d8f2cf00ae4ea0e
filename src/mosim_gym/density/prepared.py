"""`PreparedFlow`: a fitted `ResidualFlow` that computes log-densities fast.

It differs from `ResidualFlow.log_density` in rounding only. Bounds are applied to the weights once, the activation's scale is folded
into the layer after it, the tangents' products go through oneDNN, and the sum z + g(z) of a block's tangents is part of its last product.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mosim_gym.density.flow import STEEPEST, ResidualFlow
from mosim_gym.mechanics.products import FUSED

AT_ONCE = 128  # rows whose Jacobians stay in a processor's cache


class PreparedFlow:
    """`log p(x)` of `flow`, whose weights must not change afterwards."""

    def __init__(self, flow: ResidualFlow) -> None:
        """The weights stay on their device."""
        self._blocks = []
        with torch.no_grad():
            for block in flow.blocks:
                layers = [(layer.matrix(), layer.bias.detach()) for layer in block]  # type: ignore[union-attr]
                scaled = [(w / STEEPEST if n else w, b) for n, (w, b) in enumerate(layers)]
                self._blocks.append([(w.contiguous(), w.T.contiguous(), b) for w, b in scaled])
        self._mean, self._scale, self.size = flow.mean, 1 / flow.std, flow.size
        self._constant = float(flow.std.double().log().sum()) + 0.5 * flow.size * math.log(2 * math.pi)
        self._fused = FUSED and flow.mean.device.type == "cpu" and flow.mean.dtype == torch.float32

    def __call__(self, x: Tensor) -> Tensor:
        """The log-density `(B,)` of `x (B, size)`, in nats."""
        rows = AT_ONCE if x.device.type == "cpu" else max(len(x), 1)
        return torch.cat([self._some(part) for part in x.split(rows)]) if len(x) else x.new_zeros(0)

    def _some(self, x: Tensor) -> Tensor:
        z = (x - self._mean) * self._scale
        count, size = x.shape
        jacobian = torch.eye(size, device=x.device, dtype=x.dtype).repeat(count, 1)  # transposed: (B · inputs, outputs)
        for number, block in enumerate(self._blocks):
            (first, transposed, bias), *others = block
            step = torch.addmm(bias, z, transposed)
            tangents = self._product(jacobian, first) if number else transposed[None].expand(count, -1, -1)
            for position, (weight, transposed, bias) in enumerate(others):
                gate = torch.sigmoid(step)
                slope = torch.addcmul(gate, step * gate, 1 - gate)
                wide = tangents.view(count, size, -1) * slope[:, None]
                step = torch.addmm(bias, step * gate, transposed)
                last = position == len(others) - 1
                tangents = self._product(wide.flatten(0, 1), weight, jacobian if last else None)
            z, jacobian = z + step, tangents
        log_det = torch.linalg.slogdet(jacobian.view(count, size, size)).logabsdet
        return log_det - 0.5 * z.square().sum(-1) - self._constant

    def _product(self, x: Tensor, weight: Tensor, added: Tensor | None = None) -> Tensor:
        """`x Wᵀ`, plus `added` if it is given."""
        if not self._fused or x.requires_grad:  # the fused product has no gradient
            product = x @ weight.T
            return product if added is None else product + added
        linear = torch.ops.mkldnn._linear_pointwise
        return (
            linear(x, weight, None, "none", [], "") if added is None else linear.binary(x, added, weight, None, "add")
        )
