"""Latent dynamics as in TD-MPC2, with a head that tells states.

    z = SimNorm(encoder(x)),   z' = SimNorm(dynamics[z, a]),   (m, v)' = motion[z, z']

x are the whitened numbers of a state, a the whitened action. SimNorm is a softmax within groups of `group` numbers. A training window is
encoded once, at its first state, and then rolled out in latent space for `horizon` steps. The loss is

    Σ_t ρ^t (consistency |z_t - sg(encoder(x_t))|² + |motion[z_{t-1}, z_t] - (m, v)_t|²) / Σ_t ρ^t

with sg for a stopped gradient. v is the whitened velocity, m the whitened mean velocity over the step, from which positions are integrated.
The motion head makes the model measurable in states; its gradient also keeps the latent space from collapsing, as rewards and values do in
TD-MPC2. Motion data have no rewards, so there are no heads for them.

With `action_repeat` k a step of the model is k control steps under one action. The data must then hold each action for k control steps,
from the beginning of a segment on. A
prediction reads the first action of every k, and states between two steps of the model lie on the straight way from one to the other.

TD-MPC2 is Hansen, Su and Wang, 2024 (arXiv 2310.16828).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot, difference, integrate
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.settings import setting
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.fitting import FitConfig
from mosim_gym.world_models.learned import LearnedModel, Network, joined
from mosim_gym.world_models.perceptrons import perceptron
from mosim_gym.world_models.whitening import Whitening
from mosim_gym.world_models.windows import Window

hidden = partial(perceptron, norm=nn.LayerNorm, activation=nn.Mish)


@dataclass(frozen=True)
class LatentConfig(FitConfig):
    """A latent space of `latent` numbers; hidden layers have `width` units."""

    context: int = setting(1, least=1, most=1)
    latent: int = setting(256, least=8, most=16_384)
    group: int = setting(8, least=2, most=1024)  # numbers of a softmax
    layers: int = setting(
        2, least=1, most=16
    )  # hidden layers of the dynamics and the motion head; the encoder has one less
    horizon: int = setting(5, least=1, most=1000)  # steps of the model in a window
    rho: float = setting(0.9, above=0, most=1)  # weight of each further step
    consistency: float = setting(20.0, least=0)
    action_repeat: int = setting(1, least=1, most=1000)  # control steps in a step of the model

    def __post_init__(self) -> None:
        """Raise for a value that breaks its rule, and for a latent space that is not made of whole groups."""
        super().__post_init__()
        if self.latent % self.group:
            raise ValueError(f"latent is {self.latent}; it must be a multiple of group, {self.group}.")


class SimNorm(nn.Module):
    """A softmax within each group of neighbouring numbers, `(..., n) → (..., n)`."""

    def __init__(self, group: int) -> None:
        """Groups have `group` numbers."""
        super().__init__()
        self._group = group

    def forward(self, x: Tensor) -> Tensor:
        """Numbers of which each group adds up to 1."""
        return x.unflatten(-1, (-1, self._group)).softmax(-1).flatten(-2)


class LatentNetwork(Network):
    """Encoder, dynamics and motion head."""

    def __init__(self, robot: Robot, config: LatentConfig) -> None:
        """All of `robot`'s velocities and motions over a step of the model."""
        super().__init__(robot, StateCoordinates(robot))
        self._config, self._step = config, config.action_repeat * robot.control_step
        self.motions = Whitening(2 * robot.nv)
        size, width, layers = self.coordinates.size, config.width, config.layers
        norm = [nn.LayerNorm(config.latent), SimNorm(config.group)]
        self.encoder = nn.Sequential(hidden(size, width, layers - 1, config.latent), *norm)
        norm = [nn.LayerNorm(config.latent), SimNorm(config.group)]
        self.dynamics = nn.Sequential(hidden(config.latent + robot.nu, width, layers, config.latent), *norm)
        self.motion = hidden(2 * config.latent, width, layers, 2 * robot.nv)

    def whiten(self, window: Window) -> None:
        """Also that of the motion. Raises `ValueError` where actions change within a step of the model."""
        super().whiten(window)
        repeat = self._config.action_repeat
        held = window.actions.unflatten(1, (-1, repeat))
        if bool((held != held[:, :, :1]).any()):
            raise ValueError(
                f"action_repeat is {repeat}, but the data's actions change after fewer control steps; use action_repeat=1 or data that "
                f"hold each action for {repeat} control steps."
            )
        self.motions.fit(self._true_motion(window).flatten(0, 1))

    def _true_motion(self, window: Window) -> Tensor:
        """The mean velocity over each step of the model and the velocity after it, `(B, horizon, 2 nv)`."""
        q, v = (part[:, :: self._config.action_repeat] for part in (window.qpos, window.qvel))
        return torch.cat((difference(self.robot, q[:, 1:], q[:, :-1], self._step), v[:, 1:]), dim=-1)

    def encoded(self, qpos: Tensor, qvel: Tensor) -> Tensor:
        """The latents `(..., latent)` of states."""
        return self.encoder(self.states(self.coordinates(qpos, qvel)))

    def foreseen(self, qpos: Tensor, qvel: Tensor, actions: Tensor) -> Tensor:
        """The latents `(B, steps, latent)` that the dynamics predict from states `(B, …)`, after each step of the model under `actions`
        `(B, steps action_repeat, nu)`.
        """
        latent, path = self.encoded(qpos, qvel), []
        for command in self.commands(actions[:, :: self._config.action_repeat]).unbind(1):
            latent = self.dynamics(torch.cat((latent, command), dim=-1))
            path.append(latent)
        return torch.stack(path, dim=1)

    def loss(self, window: Window, generator: torch.Generator) -> Tensor:
        """The loss of the latent rollouts from the first states."""
        config, repeat = self._config, self._config.action_repeat
        truth = self.encoded(window.qpos[:, ::repeat], window.qvel[:, ::repeat])
        target, wanted = truth.detach(), self.motions(self._true_motion(window))
        commands = self.commands(window.actions[:, ::repeat])
        latent = truth[:, 0]
        losses: list[Tensor] = []
        weights = [config.rho**t for t in range(config.horizon)]
        for t, weight in enumerate(weights):
            after = self.dynamics(torch.cat((latent, commands[:, t]), dim=-1))
            moved = self.motion(torch.cat((latent, after), dim=-1))
            near, told = (after - target[:, t + 1]).square().mean(), (moved - wanted[:, t]).square().mean()
            losses.append(weight * (config.consistency * near + told))
            latent = after
        return torch.stack(losses).sum() / sum(weights)

    def predict(self, history: History, actions: Tensor) -> tuple[Tensor, Tensor]:
        """The states after each action."""
        q, v, repeat = history.qpos[:, -1], history.qvel[:, -1], self._config.action_repeat
        latent = self.encoded(q, v)
        path: list[tuple[Tensor, Tensor]] = []
        for t in range(0, actions.shape[1], repeat):
            after = self.dynamics(torch.cat((latent, self.commands(actions[:, t])), dim=-1))
            moved = self.motions.inverse(self.motion(torch.cat((latent, after), dim=-1)))
            mean, speed = moved.chunk(2, dim=-1)
            for k in range(1, min(repeat, actions.shape[1] - t) + 1):
                way = k / repeat
                path.append((integrate(self.robot, q, mean, way * self._step), torch.lerp(v, speed, way)))
            q, v = integrate(self.robot, q, mean, self._step), speed
            latent = after
        return joined(path)


class LatentModel(LearnedModel):
    """Latent dynamics as in TD-MPC2, without rewards."""

    title = "TD-MPC2 latent"
    config_type = LatentConfig

    def __init__(self, config: LatentConfig | None = None) -> None:
        """The defaults of `LatentConfig` hold where no `config` is given."""
        super().__init__(config)
        self.config = config or LatentConfig()

    @property
    def window(self) -> int:
        """Control steps of the whole horizon."""
        return self.config.horizon * self.config.action_repeat

    @property
    def stride(self) -> int:
        """Windows begin where an action begins."""
        return self.config.action_repeat

    def build(self, robot: Robot) -> LatentNetwork:
        """The network for `robot`."""
        return LatentNetwork(robot, self.config)
