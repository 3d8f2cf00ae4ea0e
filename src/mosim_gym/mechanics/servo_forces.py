"""`ServoForces`: the forces of a robot's servos at a state, and which of them are below their limits."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.mechanics.robot import Robot


class ServoForces(nn.Module):
    """Maps `qpos (…, nq)`, `qvel (…, nv)` and `control (…, nu)` to `(…, 2 n)`: n forces, and n flags.

    A force is `f = g u + b₀ + b₁ l + b₂ l̇`, with the length `l = A q` and the gain g, clipped to the servo's range. Where it is clipped,
    it neither follows the control nor resists motion, and the flag is 0; else the flag is 1. Forces equal MuJoCo's `actuator_force`.
    """

    _actuator: Tensor  # (n,)
    _gain: Tensor
    _constant: Tensor
    _position: Tensor  # (nq, n): ∂f/∂q
    _velocity: Tensor  # (nv, n): ∂f/∂q̇
    _low: Tensor
    _high: Tensor

    def __init__(self, robot: Robot) -> None:
        """`robot` must have servos."""
        super().__init__()
        servos = robot.servos
        self.size = 2 * len(servos)
        low, high = np.where(servos.limited[:, None], servos.range, [-np.inf, np.inf]).T
        for name, values in (
            ("_gain", servos.gain),
            ("_constant", servos.bias[:, 0]),
            ("_position", (servos.bias[:, 1:2] * servos.lengths).T),
            ("_velocity", (servos.bias[:, 2:3] * servos.rates).T),
            ("_low", low),
            ("_high", high),
        ):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32), persistent=False)
        self.register_buffer("_actuator", torch.tensor(servos.actuator, dtype=torch.int64), persistent=False)

    def forward(self, qpos: Tensor, qvel: Tensor, control: Tensor) -> Tensor:
        """Forces in N or N m, then flags."""
        free = self._constant + self._gain * control.index_select(-1, self._actuator)
        free = free + qpos @ self._position + qvel @ self._velocity
        within = (free > self._low) & (free < self._high)
        return torch.cat((torch.minimum(torch.maximum(free, self._low), self._high), within.to(free.dtype)), dim=-1)
