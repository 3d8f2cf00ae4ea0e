"""A gated recurrent network that predicts changes of state.

    h ← GRU([x, a], h),   Δ = W h + b,   (q, v)' = (q ⊕ (v + Δ_q) h, v + Δ_v)

x are the whitened numbers of the state, a the whitened action, Δ the change of state after its whitening is undone. The network reads
`context` true states, then its own predictions. It is trained the same way: over `horizon` control steps on its own predictions, with the
gradient through all of them. The loss is the Huber loss of the whitened change that would lead from its own state to the next true one.

The cell follows Cho et al., 2014 (arXiv 1406.1078); recurrent world models follow Ha and Schmidhuber, 2018 (arXiv 1803.10122).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.settings import setting
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.fitting import FitConfig
from mosim_gym.world_models.learned import LearnedModel, Network, joined
from mosim_gym.world_models.windows import Window


@dataclass(frozen=True)
class GRUConfig(FitConfig):
    """A GRU of `layers` layers of `width` units."""

    context: int = setting(4, least=1, most=64)
    batch: int = setting(128, least=1, most=1_000_000)
    layers: int = setting(1, least=1, most=16)
    horizon: int = setting(8, least=1, most=1000)  # control steps on its own predictions in training
    huber: float = setting(1.0, above=0)  # whitened error at which the loss turns from square to linear


class GRUNetwork(Network):
    """Reads `(B, T, size + nu)` and keeps h of `(layers, B, width)`."""

    def __init__(self, robot: Robot, config: GRUConfig) -> None:
        """The head begins with zeros: at first every change is the mean change."""
        super().__init__(robot, StateCoordinates(robot))
        self._context, self._huber = config.context, config.huber
        size = self.coordinates.size + robot.nu
        self.embed = nn.Sequential(nn.Linear(size, config.width), nn.SiLU())
        self.cell = nn.GRU(config.width, config.width, config.layers, batch_first=True)
        self.skip = nn.Linear(size, config.width)
        self.head = nn.Sequential(nn.SiLU(), nn.Linear(config.width, self.coordinates.change_size))
        last = self.head[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, inputs: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor]:
        """Whitened changes `(B, T, 2 nv)` after each of the inputs, and h after the last."""
        out, after = self.cell(self.embed(inputs), memory)
        return self.head(out + self.skip(inputs)), after

    def loss(self, window: Window, generator: torch.Generator) -> Tensor:
        """The mean loss of the true states first and of the network's own predictions after them."""
        read = self._context
        first = Window(window.qpos[:, : read + 1], window.qvel[:, : read + 1], window.actions[:, :read])
        found, memory = self(self.inputs(first.qpos[:, :-1], first.qvel[:, :-1], first.actions), None)
        wanted = self.changes(self.true_change(first, slice(None, -1), slice(1, None)))
        losses = [self._error(found, wanted) * read]
        q, v = self.after(first.qpos[:, -2], first.qvel[:, -2], found[:, -1])
        for t in range(read, window.steps):
            found, memory = self(self.inputs(q, v, window.actions[:, t])[:, None], memory)
            wanted = self.changes(self.coordinates.change(q, v, window.qpos[:, t + 1], window.qvel[:, t + 1]))
            losses.append(self._error(found[:, 0], wanted))
            q, v = self.after(q, v, found[:, 0])
        return torch.stack(losses).sum() / window.steps

    def _error(self, found: Tensor, wanted: Tensor) -> Tensor:
        return nn.functional.huber_loss(found, wanted, delta=self._huber)

    def predict(self, history: History, actions: Tensor) -> tuple[Tensor, Tensor]:
        """The states after each action."""
        q, v = history.qpos[:, -1], history.qvel[:, -1]
        memory = None
        if history.actions.shape[1]:
            _, memory = self(self.inputs(history.qpos[:, :-1], history.qvel[:, :-1], history.actions), None)
        path: list[tuple[Tensor, Tensor]] = []
        for t in range(actions.shape[1]):
            found, memory = self(self.inputs(q, v, actions[:, t])[:, None], memory)
            q, v = self.after(q, v, found[:, 0])
            path.append((q, v))
        return joined(path)


class GRUModel(LearnedModel):
    """A gated recurrent network on whitened states and actions."""

    title = "GRU"
    config_type = GRUConfig

    def __init__(self, config: GRUConfig | None = None) -> None:
        """The defaults of `GRUConfig` hold where no `config` is given."""
        super().__init__(config)
        self.config = config or GRUConfig()

    @property
    def window(self) -> int:
        """True states, then the model's own."""
        return self.config.context + self.config.horizon

    def build(self, robot: Robot) -> GRUNetwork:
        """The network for `robot`."""
        return GRUNetwork(robot, self.config)
