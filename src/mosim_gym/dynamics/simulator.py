"""`Simulator`: a trained model that predicts, one control step at a time or a whole trajectory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mosim_gym.dynamics.mosim import MoSim, Motion
from mosim_gym.dynamics.solvers import find_solver
from mosim_gym.mechanics import ForwardKinematics, Robot
from mosim_gym.mechanics.motion import KinematicValues, Step, Trajectory


class Simulator:
    """A checkpoint that moves `robot` by `timestep` seconds a step.

    Inputs are numpy or torch and outputs of the same kind; with torch inputs that require gradients everything is differentiable. Of an
    ensemble, row i of a batch is moved by member i modulo the number of members, or all rows by `member`.
    """

    dtype = torch.float32

    def __init__(
        self, model: MoSim, card: Mapping[str, Any], *, solver: str | None = None, member: int | None = None
    ) -> None:
        """`solver` replaces the one the model was trained for; an unknown name raises with the valid ones."""
        self.model = model.eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.card = dict(card)
        self.robot: Robot = model.robot
        self.timestep = self.robot.control_step
        self.member = member
        self._solver = find_solver(solver or model.config.solver)
        self.quantities = model.features.quantities
        self._kinematics = ForwardKinematics(self.robot, self.quantities)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.input_mean.device

    def to(self, device: torch.device | str) -> Simulator:
        """Move the weights to `device`."""
        self.model.to(device)
        return self

    def step(self, qpos: Any, qvel: Any, action: Any, features: KinematicValues | None = None) -> Step:
        """The state after one control step under `action (B, nu)`; `features` may hold this object's `quantities` at the state already."""
        q, v, a = self._tensors(qpos, qvel, action)
        with torch.set_grad_enabled(torch.is_grad_enabled() and any(x.requires_grad for x in (q, v, a))):
            q, v = self._advance(q, v, a, features)
        return Step(*(self._like(x, qpos) for x in (q, v, q.new_zeros(*q.shape[:-1], 0))))

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`."""
        q, v, a = self._tensors(qpos, qvel, actions)
        positions, velocities = [], []
        with torch.set_grad_enabled(torch.is_grad_enabled() and any(x.requires_grad for x in (q, v, a))):
            for t in range(a.shape[1]):
                q, v = self._advance(q, v, a[:, t], None)
                positions.append(q)
                velocities.append(v)
            path = torch.stack(positions, dim=1), torch.stack(velocities, dim=1)
        return Trajectory(*(self._like(x, qpos) for x in (*path, path[0].new_zeros(*path[0].shape[:-1], 0))))

    def _advance(
        self, qpos: Tensor, qvel: Tensor, action: Tensor, features: KinematicValues | None
    ) -> tuple[Tensor, Tensor]:
        def field(q: Tensor, v: Tensor) -> Motion:
            known = features is not None and q is qpos and v is qvel
            return self._motion(q, v, action, features if known and features is not None else self._kinematics(q, v))

        return self._solver(field, self.robot, qpos, qvel, self.timestep)

    def _motion(self, q: Tensor, v: Tensor, action: Tensor, values: KinematicValues) -> Motion:
        model, members = self.model, self.model.config.members
        x = model.inputs(q, v, action, values)
        if members > 1:
            x = self._deal(x, members)
        raw = model.outputs(x)
        if members > 1:
            raw = raw[self.member] if self.member is not None else raw.transpose(0, 1).flatten(0, 1)[: len(q)]
        raw = raw * model.output_std
        nv = self.robot.nv
        return Motion(raw[..., :nv], raw[..., nv:]) if model.drifts else Motion(raw, None)

    def _deal(self, x: Tensor, members: int) -> Tensor:
        """`(B, n)` → `(E, B/E, n)`, row i to member i modulo E, padded with copies; or `(E, B, n)` where one member moves all rows."""
        if self.member is not None:
            return x.expand(members, *x.shape)
        short = -len(x) % members
        if short:
            x = torch.cat((x, x[-1:].expand(short, -1)))
        return x.unflatten(0, (-1, members)).transpose(0, 1)

    def _tensors(self, *values: Any) -> list[Tensor]:
        return [
            torch.as_tensor(np.asarray(v) if not isinstance(v, Tensor) else v).to(self.device, self.dtype)
            for v in values
        ]

    @staticmethod
    def _like(value: Tensor, example: Any) -> Any:
        return value if isinstance(example, Tensor) else value.cpu().numpy()
