"""The neural motion simulator: q̈ = M(q) [b(q, q̇) + τ(a)] + Σᵢ εᵢ(q, q̇, a), with M = L Lᵀ, all learned."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mosim_gym.dynamics.config import MoSimConfig, Size
from mosim_gym.dynamics.features import InputFeatures
from mosim_gym.dynamics.networks import ResidualNet
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.frames import base_rotations, into_body, into_world
from mosim_gym.mechanics.motion import KinematicValues

MINIMUM_STD = 1e-6


class Motion(NamedTuple):
    """What the model says about one control step: mean acceleration `(…, nv)`, rad/s² or m/s², and `drift (…, nv)`.

    `drift`, rad/s or m/s, is by how much the mean velocity over the step differs from the mean of the velocities at its ends; None where
    the integrator makes it known. `sensors (…, ns)` are the readings at the step's end as `log(1 + x)`, None where there are none.
    """

    acceleration: Tensor
    drift: Tensor | None
    sensors: Tensor | None = None


def learns_drift(robot: Robot) -> bool:
    """Whether a position update must be learned: MuJoCo's Euler moves the position by the new velocity, exactly, each physics step."""
    return robot.integrator != "Euler" or robot.substeps > 1


class MoSim(nn.Module):
    """Predictor and correctors over canonical, whitened inputs.

    Buffers `input_mean`, `input_std`, `output_std` hold the training data's statistics and travel with the weights. With several members
    every input and output has a leading axis of that many.
    """

    input_mean: Tensor
    input_std: Tensor
    output_std: Tensor
    triangle: Tensor  # where the entries of L go in a flattened matrix

    def __init__(self, robot: Robot, config: MoSimConfig) -> None:
        """Random weights, unit statistics."""
        super().__init__()
        self.robot, self.config = robot, config
        self.features = InputFeatures(robot, config)
        f, nv = self.features, robot.nv
        self.drifts = config.drift and learns_drift(robot)
        self.moves = (
            2 * nv if self.drifts else nv
        )  # outputs that move the robot; those after them are sensors' readings
        outputs = self.moves + config.sensors

        def net(inputs: int, outputs: int, size: Size, *, zero: bool = False) -> ResidualNet:
            kind, norm = config.activation, config.layer_norm
            return ResidualNet(config.members, inputs, outputs, size, activation=kind, layer_norm=norm, zero=zero)

        self.inertia = self.bias = self.torque = None
        if config.inertia is not None and config.bias is not None and config.torque is not None:
            self.inertia = net(f.position_size, nv * (nv + 1) // 2, config.inertia)
            self.bias = net(f.position_size + f.velocity_size, nv, config.bias)
            self.torque = net(max(robot.nu, 1), nv, config.torque)
        self.correctors = nn.ModuleList(net(f.size, outputs, size, zero=True) for size in config.correctors)
        rows, columns = torch.tril_indices(nv, nv)
        self.register_buffer("triangle", rows * nv + columns, persistent=False)
        self.register_buffer("input_mean", torch.zeros(f.size))
        self.register_buffer("input_std", torch.ones(f.size))
        self.register_buffer("output_std", torch.ones(outputs))

    def subset(self, members: Sequence[int]) -> MoSim:
        """The ensemble of these members alone, in this order."""
        part = MoSim(self.robot, replace(self.config, members=len(members))).to(self.input_mean.device)
        chosen = list(members)
        part.load_state_dict(
            {
                name: value[chosen] if name.endswith((".weight", ".bias")) else value
                for name, value in self.state_dict().items()
            }
        )
        return part

    def digest(self) -> str:
        """Sixteen characters that tell weights and statistics from any others."""
        found = hashlib.sha256()
        for name, value in sorted(self.state_dict().items()):
            found.update(name.encode() + value.cpu().numpy().tobytes())
        return found.hexdigest()[:16]

    @torch.no_grad()
    def fit_statistics(self, inputs: Tensor, targets: Tensor) -> None:
        """Take mean and deviation of `inputs (N, size)` and deviation of `targets (N, outputs)`; nothing where whitening is off."""
        if not self.config.whiten:
            return
        std = inputs.std(0)
        self.input_mean.copy_(inputs.mean(0))
        self.input_std.copy_(torch.where(std > MINIMUM_STD, std, 1.0))
        self.output_std.copy_(targets.std(0).clamp_min(MINIMUM_STD))

    def inputs(self, qpos: Tensor, qvel: Tensor, action: Tensor, values: KinematicValues) -> Tensor:
        """Whitened inputs `(…, size)`."""
        return (self.features(qpos, qvel, action, values) - self.input_mean) / self.input_std

    def outputs(self, x: Tensor, *, correctors: int | None = None) -> Tensor:
        """Whitened outputs `(…, nv or 2 nv)` from whitened inputs, by the predictor and the first `correctors` correctors (None: all)."""
        f, nv = self.features, self.robot.nv
        parts: list[Tensor] = []
        beyond = len(self.output_std) - nv
        if self.inertia is not None and self.bias is not None and self.torque is not None:
            state = f.position_size + f.velocity_size
            force = self.bias(x[..., :state]) + self.torque(x[..., state : state + max(f.action_size, 1)])
            entries = self.inertia(x[..., : f.position_size])
            flat = entries.new_zeros(*entries.shape[:-1], nv * nv)
            lower = flat.index_copy(-1, self.triangle, entries).unflatten(-1, (nv, nv))
            predicted = (lower @ (lower.mT @ force.unsqueeze(-1))).squeeze(-1)
            parts.append(F.pad(predicted, (0, beyond)) if beyond else predicted)
        parts += [corrector(x) for corrector in self.correctors[:correctors]]
        return sum(parts[1:], parts[0])

    def forward(self, qpos: Tensor, qvel: Tensor, action: Tensor, values: KinematicValues) -> Motion:
        """The motion over one control step from a state whose kinematic `values` are given."""
        raw = self.outputs(self.inputs(qpos, qvel, action, values)) * self.output_std
        return self.motion(raw, qpos)

    def motion(self, raw: Tensor, qpos: Tensor) -> Motion:
        """What outputs `(…, outputs)` in their own units say of states `qpos (…, nq)`; a floating base's parts are in its own axes."""
        nv, sensors = self.robot.nv, raw[..., self.moves :] if self.config.sensors else None
        # the acceleration (…, 1, nv) and, where there is one, the drift (…, 2, nv)
        moves = torch.unflatten(raw[..., : self.moves], -1, (-1, nv))
        if self.features.body_frame:
            rotations = [rotation.unsqueeze(-3) for rotation in base_rotations(self.robot, qpos)]
            moves = into_world(self.robot, rotations, moves)
        acceleration, *drift = moves.unbind(-2)
        return Motion(acceleration, drift[0] if drift else None, sensors)

    def targets(self, qpos: Tensor, motion: Motion) -> Tensor:
        """Inverse of `motion`: the outputs `(…, outputs)` that would say this."""
        acceleration, drift = motion.acceleration, motion.drift if self.drifts else None
        if self.features.body_frame:
            rotations = base_rotations(self.robot, qpos)
            acceleration = into_body(self.robot, rotations, acceleration)
            drift = None if drift is None else into_body(self.robot, rotations, drift)
        parts = (acceleration, drift, motion.sensors if self.config.sensors else None)
        return torch.cat([part for part in parts if part is not None], dim=-1)
