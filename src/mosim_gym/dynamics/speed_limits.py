"""`SpeedLimits`: a step leads to no velocity far beyond those that a model has seen.

Where nothing was learned, products of velocities among the inputs could feed on themselves, and one row in thousands would run away to
numbers beyond all scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mosim_gym.dynamics.control_step import Motion

RUNAWAY = 1.0
"""Velocities end where the training box, widened by this share of its width on either side, does."""


class SpeedLimits:
    """Lowest and highest velocities `(nv,)` that a step leads to."""

    def __init__(self, low: Tensor, high: Tensor, timestep: float) -> None:
        """A step lasts `timestep` s."""
        self.low, self.high, self._timestep = low, high, timestep

    @classmethod
    def of_card(
        cls, card: Mapping[str, Any], timestep: float, dtype: torch.dtype, device: torch.device
    ) -> SpeedLimits | None:
        """Those of a model's card; None where it does not say what the model has seen."""
        box = card.get("box")
        if box is None:
            return None
        low, high = torch.tensor(box["qvel"], dtype=dtype, device=device)
        room = RUNAWAY * (high - low)
        return cls(low - room, high + room, timestep)

    def held(self, motion: Motion, qvel: Tensor) -> Motion:
        """`motion`, but no faster than the limits."""
        acceleration = motion.acceleration.clamp(
            (self.low - qvel) / self._timestep, (self.high - qvel) / self._timestep
        )
        drift = None if motion.drift is None else motion.drift.clamp(self.low, self.high)
        return motion._replace(acceleration=acceleration, drift=drift)
