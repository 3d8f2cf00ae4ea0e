"""`PreparedModel`: one ensemble member made ready to predict without gradients, as fast as this machine can.

Against `MoSim.outputs` it differs in rounding only: whitening is folded into the first layers and the outputs' units into the last ones,
the lower triangle L comes straight out of its last layer, and each hidden product is made together with its activation or residual sum.
Large float32 products go through oneDNN (`mechanics/products.py`).
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.networks import MemberLinear, ResidualNet
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.products import FUSED, FUSED_FROM

Precision = Literal["float32", "fast", "float64"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
_FUSED_NAMES = {"silu": "swish", "tanh": "tanh"}


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are faster than float32 ones: on GPUs, and on processors with instructions for them."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()  # pyright: ignore[reportPrivateUsage]  # no public name says it


class PreparedNet:
    """A `ResidualNet` of one member, everything but the last layer in one type: float32, float64, or bfloat16 from whitened inputs on.

    Whitening is folded into the first layer. bfloat16 has too few digits for raw inputs, so there they are whitened first.
    """

    def __init__(
        self, net: ResidualNet, member: int, dtype: torch.dtype, *, mean: Tensor, std: Tensor, rows: Tensor
    ) -> None:
        """`mean (inputs,)` and `std (inputs,)` whiten; the last layer becomes `rows @ last`."""
        weight, bias = net.first.weight[member].double(), net.first.bias[member].double()
        self._whitening = None
        if dtype != torch.bfloat16:
            weight = weight / std.double()
            bias = bias - weight @ mean.double()
        else:
            self._whitening = -mean / std, 1 / std
        self._first = weight.to(dtype), bias.to(dtype)
        pairs = zip(net.up, net.down, strict=True)
        layers = [layer for pair in pairs for layer in pair if isinstance(layer, MemberLinear)]
        self._hidden = [(x.weight[member].to(dtype).contiguous(), x.bias[member].to(dtype)) for x in layers]
        rows, self._exact = rows.double(), torch.float32 if dtype == torch.bfloat16 else dtype
        last = rows @ net.last.weight[member].double(), rows @ net.last.bias[member].double()
        self._last = last[0].to(self._exact), last[1].to(self._exact)
        layers = (self._first, *self._hidden, self._last)
        self.first, *self._transposed = [(w.T.contiguous(), b) for w, b in layers]  # for few rows: a tenth faster
        self._dtype = dtype
        self._activate, self._fused_name = net.activate, _FUSED_NAMES.get(net.activation, "")
        self._normalise, self._shape = net.normalise, (net.width,)

    def __call__(self, x: Tensor) -> Tensor:
        """`(B, inputs)` → `(B, outputs)`, float32 or float64."""
        if self._whitening is not None:
            x = torch.addcmul(self._whitening[0], x, self._whitening[1]).to(self._dtype)
        fused = self._fused_name in FUSED and x.device.type == "cpu" and self._dtype != torch.float64
        if fused and len(x) >= FUSED_FROM and x.shape[1]:
            return self._fused(x)
        return self.onward(torch.addmm(self.first[1], x, self.first[0]))

    def onward(self, x: Tensor) -> Tensor:
        """What follows the first layer, whose `x (B, width)` is."""
        *hidden, last = self._transposed
        for (up, up_bias), (down, down_bias) in zip(hidden[::2], hidden[1::2], strict=True):
            x = x + torch.addmm(down_bias, self._activate(torch.addmm(up_bias, self._norm(x), up)), down)
        return torch.addmm(last[1], self._exactly(self._activate(self._norm(x))), last[0])

    def _fused(self, x: Tensor) -> Tensor:
        linear, activated, added = FUSED["none"], FUSED[self._fused_name], FUSED["add"]
        x = linear(x, *self._first)
        for up, down in zip(self._hidden[::2], self._hidden[1::2], strict=True):
            x = added(activated(self._norm(x), *up), x, *down)
        return linear(self._exactly(self._activate(self._norm(x))), *self._last)

    def _norm(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self._shape) if self._normalise else x

    def _exactly(self, x: Tensor) -> Tensor:
        return x if x.dtype == self._exact else x.to(self._exact)


class PreparedModel:
    """Member `member` of `model`: raw features `(B, size)` → all outputs `(B, outputs)`."""

    def __init__(self, model: MoSim, member: int, precision: str) -> None:
        """`float32` and `float64` round as a model of that type does; `fast` computes the correctors in bfloat16 where that is faster."""
        if precision not in PRECISIONS:
            raise UnknownName("precision", precision, list(PRECISIONS))
        f, nv, device = model.features, model.robot.nv, model.input_mean.device
        self._nv, self._beyond = nv, len(model.output_std) - model.predicted
        self._predictions = model.predicted // nv  # the acceleration and, where it is foreseen, the drift
        fast = precision == "fast" and has_bfloat16(device)
        scale, exact = model.output_std.diag(), model.output_std.dtype

        def net(part: ResidualNet, start: int, stop: int, rows: Tensor, dtype: torch.dtype) -> PreparedNet:
            mean, std = model.input_mean[start:stop], model.input_std[start:stop]
            return PreparedNet(part, member, dtype, mean=mean, std=std, rows=rows)

        parts, size = [part for part in model.correctors if isinstance(part, ResidualNet)], len(model.input_mean)
        self._correctors = [net(part, 0, size, scale, exact) for part in parts]
        self._fast_correctors = [net(part, 0, size, scale, torch.bfloat16) for part in parts] if fast else None
        self._gateable = model.gateable
        self._state = f.position_size + f.velocity_size
        self._position, self._action_end = f.position_size, self._state + f.action_size
        self._predictor = self._inertia = None
        if model.bias is not None and model.torque is not None:
            identity = torch.eye(model.predicted, device=device)
            self._predictor = (
                net(model.bias, 0, self._state, identity, exact),
                net(model.torque, self._state, self._action_end, identity, exact),
            )
        if model.inertia is not None:
            triangle = torch.zeros(nv * nv, nv * (nv + 1) // 2, device=device)
            triangle[model.triangle, torch.arange(len(model.triangle), device=device)] = 1
            self._inertia = net(model.inertia, 0, self._position, triangle, exact)
        self._smooth, self._remainder = f.smooth_size, None
        if model.remainder is not None:
            unit = model.output_std[: model.predicted].diag()
            self._remainder = net(model.remainder, 0, self._smooth, unit, exact)
        self._unit = model.output_std[: model.predicted]
        at_once = [] if model.foresight is not None else [(net, 0) for net in self._correctors]
        at_once += list(zip(self._predictor or (), (0, self._state), strict=False))
        at_once += [] if self._inertia is None else [(self._inertia, 0)]
        at_once += [] if self._remainder is None else [(self._remainder, 0)]
        self._together = self._first_layers(f.size, at_once)

    def _first_layers(self, size: int, nets: list[tuple[PreparedNet, int]]) -> tuple[Tensor, Tensor, list[int]]:
        """First layers of `nets`, each beside where its inputs start, as one `(size, width)`, its bias, and their widths."""
        blocks = [F.pad(net.first[0], (0, 0, start, size - start - len(net.first[0]))) for net, start in nets]
        biases = [net.first[1] for net, _ in nets]
        return torch.cat(blocks, dim=1).contiguous(), torch.cat(biases), [len(bias) for bias in biases]

    def _few(self, features: Tensor) -> list[Tensor]:
        """What each part says, for a few rows, where every call counts; correctors that foresee are left out."""
        weight, bias, widths = self._together
        parts = torch.split(torch.addmm(bias, features, weight), widths, dim=1)
        *parts, last = parts if self._remainder is not None else (*parts, None)
        *parts, position = parts if self._inertia is not None else (*parts, None)
        count = len(parts) - len(self._predictor or ())
        outputs = [net.onward(part) for net, part in zip(self._correctors[:count], parts[:count], strict=True)]
        if self._predictor is not None:
            force, torque = (net.onward(part) for net, part in zip(self._predictor, parts[count:], strict=True))
            lower = None if self._inertia is None or position is None else self._inertia.onward(position)
            beside = None if self._remainder is None or last is None else self._remainder.onward(last)
            outputs.append(self._moved(lower, force + torque, beside))
        return outputs

    def _moved(self, lower: Tensor | None, force: Tensor, remainder: Tensor | None) -> Tensor:
        """M f = L (Lᵀ f) in the outputs' units, from `lower (B, nv²)` and `force (B, nv)` or `(B, 2 nv)`, and the remainder.

        Without `lower` the force itself is the output.
        """
        moved = force * self._unit
        if lower is not None:
            lower = lower.view(-1, self._nv, self._nv)
            columns = force.view(-1, self._predictions, self._nv).mT
            moved = torch.bmm(lower, torch.bmm(lower.mT, columns)).mT.flatten(1) * self._unit
        moved = moved if remainder is None else moved + remainder
        return F.pad(moved, (0, self._beyond)) if self._beyond else moved

    def flight(self, features: Tensor) -> Tensor:
        """The predictor alone, without gradients, from `(B, size)` features of the present."""
        assert self._predictor is not None
        if len(features) < FUSED_FROM:
            return self._few(features)[-1]
        bias, torque = self._predictor
        control = features.narrow(1, self._state, self._action_end - self._state)
        force = bias(features.narrow(1, 0, self._state)) + torque(control)
        beside = None if self._remainder is None else self._remainder(features.narrow(1, 0, self._smooth))
        lower = None if self._inertia is None else self._inertia(features.narrow(1, 0, self._position))
        return self._moved(lower, force, beside)

    def corrections(self, features: Tensor) -> Tensor:
        """The correctors alone that a gate may close, without gradients, from all features."""
        fast = self._fast_correctors if len(features) >= FUSED_FROM else None
        correctors = self._correctors if fast is None else fast
        said = [corrector(features) for corrector in correctors[: self._gateable]]
        return sum(said[1:], said[0])

    def ungated(self, features: Tensor) -> Tensor:
        """The corrector that no gate closes, without gradients, from all features."""
        return self._correctors[-1](features)

    def __call__(self, features: Tensor) -> Tensor:
        """All of a model that foresees nothing, without gradients."""
        if len(features) < FUSED_FROM:
            outputs = self._few(features)
            return sum(outputs[1:], outputs[0])
        if not self._correctors:
            return self.flight(features)
        corrected = self.corrections(features)
        return corrected if self._predictor is None else corrected + self.flight(features)
