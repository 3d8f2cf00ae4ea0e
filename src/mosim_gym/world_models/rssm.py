"""The recurrent state-space model of DreamerV3, on states in place of pictures.

    h_t = GRU(mlp[z_{t-1}, a_{t-1}], h_{t-1})        deterministic, (width)
    ẑ_t ~ p(ẑ_t | h_t)                               prior, latents × classes one-hot numbers
    z_t ~ q(z_t | h_t, encoder(x_t))                 posterior
    x̂_t = decoder[h_t, z_t]                          reconstruction, and (m_t, v_t) = motion[h_t, z_t]

x is symlog(x) = sign(x) log(1 + |x|) of the numbers of the state, and a the whitened action. Latents have gradients straight through, and
all their distributions are mixed with 1 % of the uniform one. The loss is

    |x̂ - x|² + |motion - (m, v)|² + β_dyn max(free, KL[sg(q) ‖ p]) + β_rep max(free, KL[q ‖ sg(p)])

with sg for stopped gradients and `free` nats that cost nothing. The motion head is what makes the model measurable in states: v_t is the
whitened velocity, m_t the whitened mean velocity over the step before, from which positions are integrated. A prediction reads `context`
true states through the posterior (1 or 5 in the MoSim paper), then follows the likeliest classes of the prior.

DreamerV3 is Hafner et al., 2023 (arXiv 2301.04104). Rewards, ends and pictures have no part here, and the GRU is a plain cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot, integrate
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.settings import setting
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.fitting import FitConfig
from mosim_gym.world_models.learned import LearnedModel, Network, joined
from mosim_gym.world_models.one_hot import divergence, mixed_log_probabilities, straight_through
from mosim_gym.world_models.perceptrons import perceptron
from mosim_gym.world_models.whitening import Whitening
from mosim_gym.world_models.windows import Window

hidden = partial(perceptron, norm=nn.RMSNorm, activation=nn.SiLU)


@dataclass(frozen=True)
class RSSMConfig(FitConfig):
    """`latents` × `classes` discrete numbers, a GRU and networks of `width` units."""

    context: int = setting(5, least=1, most=64)
    rate: float = setting(3e-2, above=0, most=1)
    batch: int = setting(32, least=1, most=1_000_000)
    latents: int = setting(16, least=1, most=1024)
    classes: int = setting(16, least=2, most=1024)
    layers: int = setting(2, least=1, most=16)  # hidden layers of encoder, decoder and motion head
    length: int = setting(32, least=2, most=100_000)  # control steps in a window
    unimix: float = setting(0.01, least=0, below=1)  # share of the uniform distribution
    free: float = setting(1.0, least=0)  # nats of each divergence that cost nothing
    dynamics: float = setting(0.5, least=0)  # β_dyn: weight of the prior's way to the posterior
    representation: float = setting(0.1, least=0)  # β_rep: weight of the posterior's way to the prior


def symlog(x: Tensor) -> Tensor:
    """`sign(x) log(1 + |x|)`."""
    return x.sign() * x.abs().log1p()


class RSSMNetwork(Network):
    """The parts of the model; a latent state is `(h (B, width), z (B, latents * classes))`."""

    def __init__(self, robot: Robot, config: RSSMConfig) -> None:
        """Both heads read `[h, z]`."""
        super().__init__(robot, StateCoordinates(robot))
        self._config = config
        size, width, layers = self.coordinates.size, config.width, config.layers
        flat = config.latents * config.classes
        self.motions = Whitening(2 * robot.nv)
        self.encoder = hidden(size, width, layers, width)
        self.join = hidden(flat + robot.nu, width, 1, width)
        self.cell = nn.GRUCell(width, width)
        self.prior, self.posterior = hidden(width, width, 1, flat), hidden(2 * width, width, 1, flat)
        self.decoder = hidden(width + flat, width, layers, size)
        self.motion = hidden(width + flat, width, layers, 2 * robot.nv)

    def whiten(self, window: Window) -> None:
        """Also that of the motion."""
        super().whiten(window)
        self.motions.fit(self._true_motion(window).flatten(0, 1))

    def _true_motion(self, window: Window) -> Tensor:
        """The mean velocity over each step and the velocity after it, `(B, L, 2 nv)`."""
        drift = self.true_change(window, slice(None, -1), slice(1, None)).chunk(2, dim=-1)[0]
        return torch.cat((window.qvel[:, :-1] + drift, window.qvel[:, 1:]), dim=-1)

    def start(self, rows: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """The latent state before the first true state: zeros."""
        config = self._config
        return like.new_zeros(rows, config.width), like.new_zeros(rows, config.latents * config.classes)

    def step(self, latent: tuple[Tensor, Tensor], action: Tensor) -> Tensor:
        """The next h."""
        return self.cell(self.join(torch.cat((latent[1], action), dim=-1)), latent[0])

    def _distribution(self, flat: Tensor) -> Tensor:
        config = self._config
        return mixed_log_probabilities(flat.unflatten(-1, (config.latents, config.classes)), config.unimix)

    def foreseen(self, h: Tensor) -> Tensor:
        """Log-probabilities of the prior, `(B, latents, classes)`."""
        return self._distribution(self.prior(h))

    def seen(self, h: Tensor, encoded: Tensor) -> Tensor:
        """Log-probabilities of the posterior, `(B, latents, classes)`."""
        return self._distribution(self.posterior(torch.cat((h, encoded), dim=-1)))

    def loss(self, window: Window, generator: torch.Generator) -> Tensor:
        """The loss of windows that begin with a latent state of zeros."""
        config = self._config
        x = symlog(self.coordinates(window.qpos, window.qvel))
        encoded, commands = self.encoder(x), self.commands(window.actions)
        latent = self.start(len(x), x)
        action = commands.new_zeros(len(x), self.robot.nu)
        features: list[Tensor] = []
        posteriors: list[Tensor] = []
        for t in range(window.steps + 1):
            h = self.step(latent, action)
            seen = self.seen(h, encoded[:, t])
            latent = h, straight_through(seen, generator).flatten(-2)
            features.append(torch.cat(latent, dim=-1))
            posteriors.append(seen)
            action = commands[:, min(t, window.steps - 1)]
        feature, posterior = torch.stack(features, dim=1), torch.stack(posteriors, dim=1)
        prior = self.foreseen(feature[..., : config.width])
        learn = divergence(posterior.detach(), prior).clamp(min=config.free).mean()
        tell = divergence(posterior, prior.detach()).clamp(min=config.free).mean()
        told = (self.decoder(feature) - x).square().sum(-1).mean()
        wanted = self.motions(self._true_motion(window))
        moved = (self.motion(feature[:, 1:]) - wanted).square().sum(-1).mean()
        return told + moved + config.dynamics * learn + config.representation * tell

    def predict(self, history: History, actions: Tensor) -> tuple[Tensor, Tensor]:
        """The states after each action."""
        encoded = self.encoder(symlog(self.coordinates(history.qpos, history.qvel)))
        known = self.commands(history.actions)
        latent = self.start(len(encoded), encoded)
        action = known.new_zeros(len(encoded), self.robot.nu)
        for t in range(encoded.shape[1]):
            h = self.step(latent, known[:, t - 1] if t else action)
            latent = h, straight_through(self.seen(h, encoded[:, t]), None).flatten(-2)
        q = history.qpos[:, -1]
        path: list[tuple[Tensor, Tensor]] = []
        for t in range(actions.shape[1]):
            h = self.step(latent, self.commands(actions[:, t]))
            latent = h, straight_through(self.foreseen(h), None).flatten(-2)
            mean, v = self.motions.inverse(self.motion(torch.cat(latent, dim=-1))).chunk(2, dim=-1)
            q = integrate(self.robot, q, mean, self.robot.control_step)
            path.append((q, v))
        return joined(path)


class RSSMModel(LearnedModel):
    """DreamerV3's recurrent state-space model."""

    title = "RSSM"
    config_type = RSSMConfig

    def __init__(self, config: RSSMConfig | None = None) -> None:
        """The defaults of `RSSMConfig` hold where no `config` is given."""
        super().__init__(config)
        self.config = config or RSSMConfig()

    @property
    def window(self) -> int:
        """The configuration's `length`."""
        return self.config.length

    def build(self, robot: Robot) -> RSSMNetwork:
        """The network for `robot`."""
        return RSSMNetwork(robot, self.config)
