"""`Wrapped`: dynamics on top of others, which they ask for everything but the step."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import KinematicValues


class Wrapped(Dynamics):
    """`inner` moves `robot`, a description of the same machine. A subclass defines `step`."""

    def __init__(self, inner: Dynamics, robot: Robot) -> None:
        """Everything that does not depend on the step is the inner dynamics'."""
        self.inner, self.robot = inner, robot
        self.dtype, self.card, self.density, self.quantities = inner.dtype, inner.card, inner.density, inner.quantities
        self.members, self.differentiable, self.shard_unit = inner.members, inner.differentiable, inner.shard_unit
        self.is_truth, self.memory = inner.is_truth, inner.memory

    @property
    def identity(self) -> str:
        """That of the inner dynamics."""
        return self.inner.identity

    @property
    def version(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """That of the inner dynamics."""
        return self.inner.version

    def recordable(self, rows: int) -> bool:
        """As the inner dynamics."""
        return self.inner.recordable(rows)

    def to(self, device: torch.device | str) -> Self:
        """Move the inner dynamics."""
        self.inner = self.inner.to(device)
        return self

    def disagreement(
        self,
        qpos: Tensor,
        qvel: Tensor,
        action: Tensor,
        features: KinematicValues | None = None,
        previous: Tensor | None = None,
    ) -> Tensor:
        """That of the inner dynamics under the same action."""
        known: dict[str, Any] = {} if previous is None else {"previous": previous}
        return self.inner.disagreement(qpos, qvel, action, features, **known)
