"""When a rollout has left what its model knows: the state is not finite, or outside the box of the training data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

DIVERGED, OUTSIDE = "diverged", "outside the training box"
MARGIN = 0.1
"""By which share of its width the box is widened on either side: a network does not fail at the edge of its data."""


class Bounds:
    """The widened training box of a model's card; without one only states that are not finite are out of bounds."""

    def __init__(self, card: Mapping[str, Any] | None, dtype: torch.dtype, device: torch.device) -> None:
        """`card` is a Simulator's, None for the truth."""
        box = (card or {}).get("box")
        self._sides: list[tuple[Tensor, Tensor]] | None = None
        if box is not None:
            self._sides = []
            for name in ("qpos", "qvel"):
                low, high = (
                    torch.tensor([end if b is None else b for b in side], dtype=dtype, device=device)
                    for side, end in zip(box[name], (-torch.inf, torch.inf), strict=True)
                )
                margin = torch.where(torch.isfinite(high - low), MARGIN * (high - low), 0.0)
                self._sides.append((low - margin, high + margin))

    def finite(self, qpos: Tensor, qvel: Tensor) -> Tensor:
        """`(B,)`: whether `qpos (B, nq)` and `qvel (B, nv)` are numbers."""
        return torch.isfinite(qpos.sum(-1) + qvel.sum(-1))

    def inside(self, qpos: Tensor, qvel: Tensor) -> Tensor | None:
        """`(B,)`: whether the states are within the widened box; None where there is none."""
        if self._sides is None:
            return None
        (low_q, high_q), (low_v, high_v) = self._sides
        inside_q = ((qpos >= low_q) & (qpos <= high_q)).all(-1)
        return inside_q & ((qvel >= low_v) & (qvel <= high_v)).all(-1)
