"""An ensemble of probabilistic networks, each of which predicts mean and variance of the change of state.

    μ_i, log σ²_i = f_i(x, a),   loss = Σ_i mean[(Δ - μ_i)² exp(-log σ²_i) + log σ²_i] + 0.01 (Σ most - Σ least)

x are the whitened numbers of the state, a the whitened action, Δ the whitened change of state over a control step, i a member. Learned
bounds `least` and `most` hold each log-variance softly. Each member learns from its own batch and has its own initial weights. A rollout
moves by the mean of all members' means, or, with `rollout="sample"`, every row stays with one member and draws from its distribution.

The ensemble follows PETS (Chua et al., 2018, arXiv 1805.12114) with the sizes of MBPO (Janner et al., 2019, arXiv 1906.08253).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.motion import Array, History
from mosim_gym.mechanics.settings import setting
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.fitting import FitConfig
from mosim_gym.world_models.learned import LearnedModel, Network, joined
from mosim_gym.world_models.windows import Window

BOUND_WEIGHT = 0.01
"""Of the distance between the bounds of the log-variance in the loss."""
SAMPLE_SEED = 0
"""Of the draws of a sampled rollout: the same history and actions give the same path."""


@dataclass(frozen=True)
class PETSConfig(FitConfig):
    """`members` networks of `layers` hidden layers of `width` units."""

    context: int = setting(1, least=1, most=1)
    batch: int = setting(512, least=1, most=1_000_000)
    width: int = setting(200, least=8, most=16_384)
    layers: int = setting(4, least=1, most=64)
    members: int = setting(5, least=1, most=100)
    rollout: str = setting("mean", choices=("mean", "sample"))


class StackedLinear(nn.Module):
    """One linear layer for each of E members: `(E, B, n) → (E, B, m)`."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        """Weights begin as those of `nn.Linear`, which differ between members."""
        super().__init__()
        layers = [nn.Linear(inputs, outputs) for _ in range(members)]
        self.weight = nn.Parameter(torch.stack([layer.weight.detach().T for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach()[None] for layer in layers]))

    def forward(self, x: Tensor) -> Tensor:
        """All members' outputs."""
        return torch.baddbmm(self.bias, x, self.weight)


class PETSNetwork(Network):
    """The E members, with weights stacked."""

    def __init__(self, robot: Robot, config: PETSConfig) -> None:
        """Log-variances begin between -10 and 0.5, in whitened units."""
        super().__init__(robot, StateCoordinates(robot))
        self.members, self._sampled = config.members, config.rollout == "sample"
        sizes = [self.coordinates.size + robot.nu, *(config.layers * [config.width])]
        hidden = [StackedLinear(config.members, n, m) for n, m in pairwise(sizes)]
        self.hidden = nn.ModuleList(hidden)
        self.head = StackedLinear(config.members, config.width, 2 * self.coordinates.change_size)
        self.least = nn.Parameter(torch.full((self.coordinates.change_size,), -10.0))
        self.most = nn.Parameter(torch.full((self.coordinates.change_size,), 0.5))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log-variances `(E, B, 2 nv)` for inputs `(E, B, size + nu)`."""
        for layer in self.hidden:
            inputs = nn.functional.silu(layer(inputs))
        mean, spread = self.head(inputs).chunk(2, dim=-1)
        spread = self.most - nn.functional.softplus(self.most - spread)
        return mean, self.least + nn.functional.softplus(spread - self.least)

    def loss(self, window: Window, generator: torch.Generator) -> Tensor:
        """The Gaussian loss of single control steps. The batch is dealt to the members anew in each training step."""
        inputs = self.inputs(window.qpos[:, 0], window.qvel[:, 0], window.actions[:, 0])
        wanted = self.changes(self.true_change(window, slice(0, 1), slice(1, 2))[:, 0])
        rows = torch.randint(len(inputs), (self.members, len(inputs)), generator=generator, device=inputs.device)
        mean, spread = self(inputs[rows])
        likely = (wanted[rows] - mean).square() * torch.exp(-spread) + spread
        return likely.mean((1, 2)).sum() + BOUND_WEIGHT * (self.most - self.least).sum()

    def predict(self, history: History, actions: Tensor) -> tuple[Tensor, Tensor]:
        """The states after each action."""
        q, v = history.qpos[:, -1], history.qvel[:, -1]
        rows = torch.arange(len(q), device=q.device)
        generator = torch.Generator(q.device).manual_seed(SAMPLE_SEED)
        path: list[tuple[Tensor, Tensor]] = []
        for t in range(actions.shape[1]):
            mean, spread = self(self.inputs(q, v, actions[:, t]).expand(self.members, -1, -1))
            if self._sampled:
                own = rows % self.members
                noise = torch.randn(mean.shape[1:], generator=generator, device=q.device)
                change = mean[own, rows] + torch.exp(0.5 * spread[own, rows]) * noise
            else:
                change = mean.mean(0)
            q, v = self.after(q, v, change)
            path.append((q, v))
        return joined(path)


class PETSModel(LearnedModel):
    """An ensemble of probabilistic networks."""

    title = "PETS ensemble"
    config_type = PETSConfig

    def __init__(self, config: PETSConfig | None = None) -> None:
        """The defaults of `PETSConfig` hold where no `config` is given."""
        super().__init__(config)
        self.config = config or PETSConfig()

    def build(self, robot: Robot) -> PETSNetwork:
        """The network for `robot`."""
        return PETSNetwork(robot, self.config)

    def spread(self, qpos: Array, qvel: Array, action: Array) -> Array:
        """Standard deviation `(B, nv)` among the members' mean changes of velocity over one control step, in m/s and rad/s."""
        network = self.network
        assert isinstance(network, PETSNetwork)
        like = next(network.parameters())
        state = [torch.as_tensor(x, dtype=like.dtype, device=like.device) for x in (qpos, qvel, action)]
        with torch.no_grad():
            mean, _ = network(network.inputs(*state).expand(network.members, -1, -1))
            spread = mean.std(0, correction=0) * network.changes.scale
        return np.asarray(spread.chunk(2, dim=-1)[1].cpu())
