"""The neural motion simulator: q̈ = M(q) [b(q, q̇) + τ(a)] + Σᵢ εᵢ(q, q̇, a), with M = L Lᵀ, all learned."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mosim_gym.dynamics.config import MoSimConfig, Size
from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.dynamics.control_step import Motion, learns_drift
from mosim_gym.dynamics.features import InputFeatures
from mosim_gym.dynamics.foresight import Foresight
from mosim_gym.dynamics.networks import ResidualNet
from mosim_gym.dynamics.rigid_bodies import RigidBodies
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.frames import base_rotations, into_body, into_world
from mosim_gym.mechanics.motion import KinematicValues

MINIMUM_STD = 1e-6
LEAST_SHARE = 0.5
"""The least deviation that an input is divided by, as a share of how large it becomes by its nature.

In narrow motion some inputs hardly vary: joints reach their limits once in thousands of steps, a robot that never falls never tilts.
Divided by their deviations alone, they would be hundreds in motion that is less narrow, and the networks' answers useless.
"""


class MoSim(nn.Module):
    """Predictor and correctors over canonical, whitened inputs.

    Buffers `input_mean`, `input_std`, `output_std` hold the training data's statistics and travel with the weights. With several members
    every input and output has a leading axis of that many.
    """

    input_mean: Tensor
    input_std: Tensor
    output_std: Tensor
    acceleration_std: Tensor  # only where outputs are forces: the deviation of accelerations
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

        def net(inputs: int, outputs: int, size: Size, *, zero: bool = False, kind: str | None = None) -> ResidualNet:
            kind, norm = kind or config.activation, config.layer_norm
            return ResidualNet(config.members, inputs, outputs, size, activation=kind, layer_norm=norm, zero=zero)

        self.bodies = RigidBodies(robot) if config.known == "inertia" else None
        self.inertia = self.bias = self.torque = self.remainder = None
        self.predicted = predicted_outputs(robot, config)
        if has_predictor(config) and config.bias is not None and config.torque is not None:
            if config.inertia is not None:
                entries, kind = nv * (nv + 1) // 2, config.inertia_activation
                self.inertia = net(f.position_size, entries, config.inertia, kind=kind)
            self.bias = net(f.position_size + f.velocity_size, self.predicted, config.bias)
            self.torque = net(f.action_size, self.predicted, config.torque)
            if config.remainder is not None:
                self.remainder = net(f.smooth_size, self.predicted, config.remainder, zero=True)
        if self.bias is None and not corrector_sizes(config):
            raise ValueError(
                f"The preset {config.preset!r} has neither a predictor nor correctors; it needs one of them."
            )
        if config.foresight and self.bias is None:
            raise ValueError(
                f"The preset {config.preset!r} has no predictor, whose flight foresight needs: leave foresight empty."
            )
        self.foresight = None
        if config.foresight:
            contact = ContactFeatures(robot, config, body_frame=f.body_frame)
            self.foresight = Foresight(robot, contact, config.foresight) if contact.size else None
        size = f.size + (0 if self.foresight is None else self.foresight.size)
        self.correctors = nn.ModuleList(
            net(size, outputs, corrector, zero=True) for corrector in corrector_sizes(config)
        )
        rows, columns = torch.tril_indices(nv, nv)
        self.register_buffer("triangle", rows * nv + columns, persistent=False)
        self.register_buffer("input_mean", torch.zeros(size))
        self.register_buffer("input_std", torch.ones(size))
        self.register_buffer("output_std", torch.ones(outputs))
        if self.bodies is not None:
            self.register_buffer("acceleration_std", torch.ones(nv))

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
    def fit_statistics(
        self, qpos: Tensor, qvel: Tensor, action: Tensor, values: KinematicValues, motion: Motion
    ) -> None:
        """Whiten by mean and deviation over N true transitions, `motion` what they did; nothing where whitening is off.

        What varies little beside how large it becomes by its nature is divided by a share of that.

        The predictor has not learned yet how flight goes on: what would be touched is taken along the present velocities.
        """
        if not self.config.whiten:
            return
        parts = [self.features(qpos, qvel, action, values)]
        if self.foresight is not None:
            still = torch.zeros_like(qvel)
            parts.append(self.foresight(qpos, qvel, Motion(still, still if self.drifts else None)))
        inputs = torch.cat(parts, dim=-1)
        self.input_mean.copy_(inputs.mean(0))
        self.input_std.copy_(self.divisors(inputs.std(0)))
        self.output_std.copy_(self.targets(qpos, qvel, motion).std(0).clamp_min(MINIMUM_STD))
        if self.bodies is not None:
            self.acceleration_std.copy_(motion.acceleration.std(0).clamp_min(MINIMUM_STD))

    def divisors(self, std: Tensor) -> Tensor:
        """What inputs are divided by, from the deviations `std` of all of them, or of those that the present tells."""
        n = self.features.size
        scales = [self.features.scales(std[:n])]
        if self.foresight is not None and len(std) > n:
            scales.append(self.foresight.scales(std[n:]))
        return torch.where(std > MINIMUM_STD, std.maximum(LEAST_SHARE * torch.cat(scales)), 1.0)

    @property
    def unit(self) -> Tensor:
        """The deviation of accelerations over the training data, `(nv,)`."""
        return self.output_std[: self.robot.nv] if self.bodies is None else self.acceleration_std

    def inputs(self, qpos: Tensor, qvel: Tensor, action: Tensor, values: KinematicValues) -> Tensor:
        """Whitened inputs `(…, n)`, as far as the present tells them: what is foreseen follows from flight."""
        n = self.features.size
        return (self.features(qpos, qvel, action, values) - self.input_mean[:n]) / self.input_std[:n]

    def flight(self, x: Tensor) -> Tensor:
        """Whitened outputs `(…, outputs)` of the predictor alone from whitened inputs; zero where it says nothing."""
        f, nv, outputs = self.features, self.robot.nv, len(self.output_std)
        if self.bias is None or self.torque is None:
            return x.new_zeros(*x.shape[:-1], outputs)
        state = f.position_size + f.velocity_size
        force = self.bias(x[..., :state]) + self.torque(x[..., state : state + f.action_size])
        moved = force
        if self.inertia is not None:
            entries = self.inertia(x[..., : f.position_size])
            flat = entries.new_zeros(*entries.shape[:-1], nv * nv)
            lower = torch.unflatten(flat.index_copy(-1, self.triangle, entries), -1, (nv, nv))
            columns = torch.unflatten(
                force, -1, (-1, nv)
            ).mT  # the acceleration's and, where it is foreseen, the drift's
            moved = (lower @ (lower.mT @ columns)).mT.flatten(-2)
        if self.remainder is not None:
            moved = moved + self.remainder(x[..., : f.smooth_size])
        return F.pad(moved, (0, outputs - self.predicted)) if outputs > self.predicted else moved

    def foreseen(self, flight: Tensor, qpos: Tensor, qvel: Tensor) -> Tensor:
        """Features `(…, m)` of what flight, as whitened outputs, would touch; always in the states' own precision."""
        assert self.foresight is not None
        with torch.autocast(qpos.device.type, enabled=False):
            return self.foresight(qpos, qvel, self.motion(flight.to(qpos.dtype) * self.output_std, qpos, qvel))

    def gated(self, corrected: Tensor, foreseen: Tensor) -> Tensor:
        """What correctors say, `(…, outputs)`, but nothing where nothing touches, by the features `foreseen (…, m)`."""
        if self.config.gate is None or self.foresight is None:
            return corrected
        return corrected * self.foresight.near(foreseen, self.config.gate)

    def corrections(self, x: Tensor, count: int | None = None) -> Tensor:
        """Whitened outputs of the first `count` correctors (None: all that a gate may close) from all whitened inputs, what is foreseen
        among them.
        """
        said: list[Tensor] = [
            corrector(x) for corrector in self.correctors[: self.gateable if count is None else count]
        ]
        return sum(said[1:], said[0])

    def ungated(self, x: Tensor) -> Tensor:
        """Whitened outputs of the corrector that no gate closes."""
        last: Tensor = self.correctors[-1](x)
        return last

    @property
    def gateable(self) -> int:
        """How many correctors are added up at once: all, but not the one `beyond` where a gate closes the others."""
        gate = self.config.gate is not None and self.foresight is not None and self.config.beyond is not None
        return len(self.correctors) - int(gate)

    def outputs(
        self, x: Tensor, qpos: Tensor, qvel: Tensor, *, correctors: int | None = None, apart: bool = False
    ) -> Tensor:
        """Whitened outputs `(…, outputs)` by the predictor and the first `correctors` correctors (None: all), from `inputs` and states.

        With `apart`, no gradient reaches the predictor through what is foreseen.
        """
        flight = self.flight(x)
        if correctors == 0 or not len(self.correctors):
            return flight
        if self.foresight is None:
            return flight + self.corrections(x, correctors)
        n, foreseen = self.features.size, self.foreseen(flight.detach() if apart else flight, qpos, qvel)
        x = torch.cat((x, (foreseen - self.input_mean[n:]) / self.input_std[n:]), dim=-1)
        moved = flight + self.gated(self.corrections(x, correctors), foreseen)
        return moved + self.ungated(x) if correctors is None and self.gateable < len(self.correctors) else moved

    def forward(
        self, qpos: Tensor, qvel: Tensor, action: Tensor, values: KinematicValues, *, correctors: int | None = None
    ) -> Motion:
        """The motion over one control step from a state whose kinematic `values` are given."""
        x = self.inputs(qpos, qvel, action, values)
        return self.motion(self.outputs(x, qpos, qvel, correctors=correctors) * self.output_std, qpos, qvel)

    def motion(self, raw: Tensor, qpos: Tensor, qvel: Tensor) -> Motion:
        """What outputs `(…, outputs)` in their own units say of states `(…, nq)`, `(…, nv)`; a floating base's parts are in its own axes.

        The first of them are accelerations, or forces where the inertia is known.
        """
        nv, sensors = self.robot.nv, raw[..., self.moves :] if self.config.sensors else None
        # the acceleration (…, 1, nv) and, where there is one, the drift (…, 2, nv)
        moves = torch.unflatten(raw[..., : self.moves], -1, (-1, nv))
        if self.features.body_frame:
            rotations = [rotation.unsqueeze(-3) for rotation in base_rotations(self.robot, qpos)]
            moves = into_world(self.robot, rotations, moves)
        acceleration, *drift = moves.unbind(-2)
        if self.bodies is not None:
            acceleration = self.bodies.acceleration(qpos, qvel, acceleration)
        return Motion(acceleration, drift[0] if drift else None, sensors)

    def targets(self, qpos: Tensor, qvel: Tensor, motion: Motion) -> Tensor:
        """Inverse of `motion`: the outputs `(…, outputs)` that would say this."""
        acceleration, drift = motion.acceleration, motion.drift if self.drifts else None
        if self.bodies is not None:
            acceleration = self.bodies.force(qpos, qvel, acceleration)
        if self.features.body_frame:
            rotations = base_rotations(self.robot, qpos)
            acceleration = into_body(self.robot, rotations, acceleration)
            drift = None if drift is None else into_body(self.robot, rotations, drift)
        parts = (acceleration, drift, motion.sensors if self.config.sensors else None)
        return torch.cat([part for part in parts if part is not None], dim=-1)


def corrector_sizes(config: MoSimConfig) -> tuple[Size, ...]:
    """Those of all correctors, the one `beyond` last."""
    return config.correctors if config.beyond is None else (*config.correctors, config.beyond)


def has_predictor(config: MoSimConfig) -> bool:
    """Whether a model has b and τ, and M where that is not known."""
    known = config.known is not None or config.inertia is not None
    return known and config.bias is not None and config.torque is not None


def predicted_outputs(robot: Robot, config: MoSimConfig) -> int:
    """How many outputs the predictor tells: accelerations, and the drift too where flight is to be foreseen."""
    return robot.nv * (2 if config.foresight and config.drift and learns_drift(robot) else 1)
