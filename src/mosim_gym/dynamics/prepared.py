"""`PreparedModel`: one ensemble member made ready to predict without gradients, as fast as this machine can.

Against `MoSim.outputs` it differs in rounding only: whitening is folded into the first layers and the outputs' units into the last ones,
the lower triangle L comes straight out of its last layer, and each hidden product is made together with its activation or residual sum.
Large float32 products go through oneDNN, which uses the widest instructions of any x86 processor where MKL does so on Intel's only.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.networks import MemberLinear, ResidualNet
from mosim_gym.mechanics.names import UnknownName

Precision = Literal["float32", "fast"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
FUSED_FROM = 32  # rows; below, oneDNN's set-up costs more than it saves
_FUSED_NAMES = {"silu": "swish"}


def _has_fused_products() -> bool:
    """Whether this build of torch can multiply, add and activate in one call on the CPU."""
    try:
        x = torch.ones(2, 2)
        torch.ops.mkldnn._linear_pointwise(x, x, x[0], "swish", [], "")
        torch.ops.mkldnn._linear_pointwise.binary(x, x, x, x[0], "add")
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


FUSED = _has_fused_products()


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are faster than float32 ones: on GPUs, and on processors with instructions for them."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


class PreparedNet:
    """A `ResidualNet` of one member; `hidden` is the type in which the blocks' products are made."""

    def __init__(
        self, net: ResidualNet, member: int, hidden: torch.dtype, *, mean: Tensor, std: Tensor, rows: Tensor
    ) -> None:
        """`mean` and `std` of the inputs are folded into the first layer; the last layer becomes `rows @ last`."""
        first = net.first.weight[member].double() / std.double()
        bias = net.first.bias[member].double() - first @ mean.double()
        self._first = first.float(), bias.float()
        rows = rows.double()
        self._last = (rows @ net.last.weight[member].double()).float(), (rows @ net.last.bias[member].double()).float()
        pairs = zip(net.up, net.down, strict=True)
        layers = [layer for pair in pairs for layer in pair if isinstance(layer, MemberLinear)]
        self._hidden = [(x.weight[member].to(hidden).contiguous(), x.bias[member].to(hidden)) for x in layers]
        self._type = hidden
        self._activate, self._fused_name = net.activate, _FUSED_NAMES.get(net.activation)
        self._normalise, self._shape = net.normalise, (net.width,)

    def __call__(self, x: Tensor) -> Tensor:
        """`(B, inputs)` → `(B, outputs)`, float32."""
        fused = FUSED and self._fused_name is not None and x.device.type == "cpu" and len(x) >= FUSED_FROM
        plain = self._type == torch.float32
        if fused:
            x = torch.ops.mkldnn._linear_pointwise(x, *self._first, "none", [], "")
        else:
            x = F.linear(x, *self._first)
        for up, down in zip(self._hidden[::2], self._hidden[1::2], strict=True):
            h = x if plain else x.to(self._type)
            h = F.layer_norm(h, self._shape) if self._normalise else h
            if fused:
                h = torch.ops.mkldnn._linear_pointwise(h, *up, self._fused_name, [], "")
            else:
                h = self._activate(F.linear(h, *up))
            if fused and plain:
                x = torch.ops.mkldnn._linear_pointwise.binary(h, x, *down, "add")
            else:
                x = x + F.linear(h, *down)
        h = self._activate(F.layer_norm(x, self._shape) if self._normalise else x)
        return F.linear(h, *self._last)


class PreparedModel:
    """Member `member` of `model`: unwhitened features `(B, size)` → unwhitened outputs `(B, nv or 2 nv)`."""

    def __init__(self, model: MoSim, member: int, precision: str) -> None:
        """`float32` rounds as the model does; `fast` makes the correctors' hidden products in bfloat16 where that is faster."""
        if precision not in PRECISIONS:
            raise UnknownName("precision", precision, list(PRECISIONS))
        f, nv, device = model.features, model.robot.nv, model.input_mean.device
        self._nv, self._drifts = nv, model.drifts
        fast = precision == "fast" and has_bfloat16(device)
        scale = model.output_std.diag()

        def net(part: ResidualNet, start: int, stop: int, rows: Tensor, hidden: torch.dtype) -> PreparedNet:
            mean, std = model.input_mean[start:stop], model.input_std[start:stop]
            return PreparedNet(part, member, hidden, mean=mean, std=std, rows=rows)

        hidden = torch.bfloat16 if fast else torch.float32
        self._correctors = [
            net(part, 0, f.size, scale, hidden) for part in model.correctors if isinstance(part, ResidualNet)
        ]
        self._state = f.position_size + f.velocity_size
        self._position, self._action_end = f.position_size, self._state + max(f.action_size, 1)
        self._predictor = None
        if model.inertia is not None and model.bias is not None and model.torque is not None:
            identity = torch.eye(nv, device=device)
            triangle = torch.zeros(nv * nv, nv * (nv + 1) // 2, device=device)
            triangle[model.triangle, torch.arange(len(model.triangle), device=device)] = 1
            self._predictor = (
                net(model.inertia, 0, self._position, triangle, torch.float32),
                net(model.bias, 0, self._state, identity, torch.float32),
                net(model.torque, self._state, self._action_end, identity, torch.float32),
            )
        self._unit = model.output_std[:nv]

    def __call__(self, features: Tensor) -> Tensor:
        """All of the model, without gradients."""
        outputs = [corrector(features) for corrector in self._correctors]
        if self._predictor is not None:
            inertia, bias, torque = self._predictor
            force = bias(features[:, : self._state]) + torque(features[:, self._state : self._action_end])
            lower = inertia(features[:, : self._position]).view(-1, self._nv, self._nv)
            moved = torch.bmm(lower, torch.bmm(lower.mT, force[..., None]))[..., 0] * self._unit
            outputs.append(F.pad(moved, (0, self._nv)) if self._drifts else moved)
        return sum(outputs[1:], outputs[0])
