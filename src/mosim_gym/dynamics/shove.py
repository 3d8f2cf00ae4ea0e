"""`Shove`: how the velocities of a robot jump when its bodies are pushed for a moment.

An impulse p (N s) at the centre of mass of a body moves by J its degrees of freedom, with J the Jacobian of that centre:

    Δq̇ = M(q)⁻¹ Jᵀ p

It is the same jump for a model and for the truth: only masses and kinematics enter, and nothing that was learned.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mosim_gym.dynamics.rigid_bodies import RigidBodies
from mosim_gym.mechanics import ForwardKinematics, Robot
from mosim_gym.mechanics.quantities import velocity
from mosim_gym.mechanics.typed_torch import solved

STUCK = 1e-9
"""1/kg: a body that moves less under an impulse cannot move that way."""


class Shove:
    """Jumps of the velocities of `robot`. Its bodies, without the world, are in the order of the robot's description."""

    def __init__(self, robot: Robot) -> None:
        """Work out all constants once."""
        self._inertia = RigidBodies(robot)
        names = [f"#{body}" for body in range(1, len(robot.bodies))]
        self._velocities = ForwardKinematics(robot, {"velocity": velocity("mass", names)})
        self._nv = robot.nv

    def __call__(self, qpos: Tensor, impulses: Tensor) -> Tensor:
        """Δq̇ `(B, nv)` at `qpos (B, nq)`, float32, under `impulses (B, bodies, 3)` (N s, in the world's axes), one for each body."""
        pushed = (self._jacobians(qpos) @ impulses.unsqueeze(-1)).squeeze(-1)  # (B, bodies, nv)
        return solved(self._masses(qpos), pushed.sum(1))

    def impulses(self, qpos: Tensor, velocities: Tensor) -> Tensor:
        """The impulses `(B, bodies, 3)` along `velocities (B, bodies, 3)`, m/s, of which each alone adds as much to its body's velocity.

        The velocity is that of the centre of mass, in the direction of the push. A body that cannot move that way gets no impulse.
        """
        jacobians = self._jacobians(qpos)
        pushed = (jacobians @ velocities.unsqueeze(-1)).squeeze(-1)
        inertia = self._masses(qpos).unsqueeze(1).expand(*pushed.shape, pushed.shape[-1])
        moved = (pushed * solved(inertia, pushed)).sum(-1, keepdim=True)  # vᵀ J M⁻¹ Jᵀ v
        size = (velocities * velocities).sum(-1, keepdim=True)
        free = moved > STUCK * size
        return torch.where(free, size / torch.where(free, moved, 1.0), 0.0) * velocities

    def _jacobians(self, qpos: Tensor) -> Tensor:
        """Jᵀ of all centres, `(B, bodies, nv, 3)`: their velocities for each unit of q̇."""
        rows, unit = len(qpos), torch.eye(self._nv, dtype=qpos.dtype)
        every = qpos.unsqueeze(1).expand(rows, self._nv, qpos.shape[-1]).reshape(rows * self._nv, -1)
        rates = self._velocities(every, unit.repeat(rows, 1))["velocity"]
        return rates.reshape(rows, self._nv, -1, 3).transpose(1, 2)

    def _masses(self, qpos: Tensor) -> Tensor:
        return self._inertia(qpos, torch.zeros(len(qpos), self._nv, dtype=qpos.dtype))[0]
