"""`Bounds`: whether a rollout has left what its model knows, with a state that is not finite or outside the box of the training data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mosim_gym.mechanics.box import Box

DIVERGED, OUTSIDE = "diverged", "outside the training box"
MARGIN = 0.1
"""The share of its width by which the box is widened on either side, because a network does not fail at the edge of its data."""


class Bounds:
    """The widened training box of a model's card. Without a box only states that are not finite are out of bounds."""

    def __init__(self, card: Mapping[str, Any] | None, dtype: torch.dtype, device: torch.device) -> None:
        """`card` is a Simulator's, None for the truth."""
        self._dtype, self._device = dtype, device
        self._sides: tuple[Tensor, Tensor] | None = None  # of qpos and qvel side by side
        self.version = 0
        """How often the bounds were moved. Steps that were recorded before are then invalid."""
        box = (card or {}).get("box")
        if box is not None:
            self.move(box)

    def move(self, box: Box) -> None:
        """Set the training box, in a card's format."""
        low, high = (
            torch.tensor([end if b is None else b for part in (box["qpos"], box["qvel"]) for b in part[side]])
            for side, end in enumerate((-torch.inf, torch.inf))
        )
        margin = torch.where(torch.isfinite(high - low), MARGIN * (high - low), 0.0)
        self.version += 1
        self._sides = (low - margin).to(self._device, self._dtype), (high + margin).to(self._device, self._dtype)

    @property
    def sides(self) -> tuple[Tensor, Tensor] | None:
        """The lowest and the highest numbers of qpos and qvel side by side, each `(nq + nv,)`; None if there is no box."""
        return self._sides

    def open(self) -> None:
        """Remove the training box, so that only states that are not finite are out of bounds."""
        self.version += 1
        self._sides = None

    def finite(self, reward: Tensor, *parts: Tensor) -> Tensor:
        """Whether `reward (B,)` and all `parts (B, k)` of a step are finite, `(B,)`."""
        total = reward
        for part in parts:
            total = total + part.sum(-1)
        return torch.isfinite(total)

    def inside(self, qpos: Tensor, qvel: Tensor) -> Tensor | None:
        """Whether the states are within the widened box, `(B,)`; None if there is no box."""
        if self._sides is None:
            return None
        low, high = self._sides
        state = torch.cat((qpos, qvel), dim=-1)
        return ((state >= low) & (state <= high)).all(-1)
