"""Soft indicators in [0, 1], of which dm_control's rewards are made, batched in torch."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

# Each sigmoid maps the distance x ≥ 0 (1 = the margin) to (0, 1], with value v at x = 1.
_SIGMOIDS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "gaussian": lambda x, v: torch.exp(x.square() * math.log(v)),
    "hyperbolic": lambda x, v: 1 / torch.cosh(x * math.acosh(1 / v)),
    "long_tail": lambda x, v: 1 / (x.square() * (1 / v - 1) + 1),
    "reciprocal": lambda x, v: 1 / (x * (1 / v - 1) + 1),
    "cosine": lambda x, v: (1 + torch.cos((x * math.acos(2 * v - 1)).clamp(max=math.pi))) / 2,
    "linear": lambda x, v: (1 - x * (1 - v)).clamp(min=0),
    "quadratic": lambda x, v: (1 - x.square() * (1 - v)).clamp(min=0),
    "tanh_squared": lambda x, v: 1 - torch.tanh(x * math.atanh(math.sqrt(1 - v))).square(),
}
_CAN_REACH_ZERO = ("cosine", "linear", "quadratic")


def tolerance(
    x: Tensor,
    bounds: tuple[float, float] = (0.0, 0.0),
    *,
    margin: float = 0.0,
    sigmoid: str = "gaussian",
    value_at_margin: float = 0.1,
) -> Tensor:
    """1 where `lower ≤ x ≤ upper`. Outside, a `sigmoid` of the distance to the nearer bound, which is `value_at_margin` at `margin`.

    With `margin = 0` everything outside is 0. The function is elementwise, and differentiable wherever dm_control's `rewards.tolerance` is.
    """
    lower, upper = bounds
    if lower > upper or margin < 0:
        raise ValueError(f"tolerance needs lower ≤ upper and margin ≥ 0, got bounds {bounds} and margin {margin}.")
    if sigmoid not in _SIGMOIDS:
        raise ValueError(f"Unknown sigmoid {sigmoid!r}. Valid: {', '.join(_SIGMOIDS)}.")
    low_value_ok = value_at_margin > 0 or (value_at_margin == 0 and sigmoid in _CAN_REACH_ZERO)
    if margin and not (low_value_ok and value_at_margin < 1):
        raise ValueError(f"value_at_margin is {value_at_margin}; the {sigmoid} sigmoid needs a value between 0 and 1.")
    if margin == 0:
        return ((x >= lower) & (x <= upper)).to(x.dtype)
    below, above = math.isfinite(lower), math.isfinite(upper)
    beyond = torch.maximum(lower - x, x - upper) if below and above else lower - x if below else x - upper
    outside = beyond.clamp(min=0)
    return _SIGMOIDS[sigmoid](outside / margin, value_at_margin)
