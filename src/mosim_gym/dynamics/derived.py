"""`Derived`: states of one simulator, derivatives of another.

    s' = forward(s, a),      ∂s'/∂(s, a) = ∂model(s, a)/∂(s, a)

So a gradient can be taken along the true motion, which has none, at the states where that motion really is.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import KinematicValues, Step


class Derived(Dynamics):
    """`forward` moves, `model` says how the motion would change. The model may be set, and may change, after this object is made."""

    differentiable = True

    def __init__(self, forward: Dynamics, model: Dynamics | None = None) -> None:
        """Everything but the derivatives is that of `forward`; without a model the derivatives are zero."""
        self.forward, self.model = forward, model
        self.robot, self.dtype, self.is_truth = forward.robot, forward.dtype, forward.is_truth

    @property
    def identity(self) -> str:
        """The forward simulator's."""
        return self.forward.identity

    def step(
        self, qpos: Any, qvel: Any, action: Any, features: KinematicValues | None = None, previous: Any = None
    ) -> Step:
        """The state after one control step, as `forward` says; the readings of sensors have no derivatives."""
        with torch.no_grad():
            true = self.forward.step(qpos.detach(), qvel.detach(), action.detach())
        if self.model is None or not torch.is_grad_enabled():
            return Step(*true)
        inputs = [x.to(self.model.dtype) for x in (qpos, qvel, action)]
        said = self.model.step(*inputs)
        return Step(_with_slope(true.qpos, said.qpos), _with_slope(true.qvel, said.qvel), true.sensors)


def _with_slope(value: Tensor, slope: Tensor) -> Tensor:
    """`value` with the derivatives of `slope`."""
    slope = slope.to(value.dtype)
    return value + (slope - slope.detach())
