"""A causal Transformer that predicts changes of state from a history of states and actions.

    Δ_t = head(blocks([x_{t-C+1}, a_{t-C+1}], …, [x_t, a_t])),   (q, v)_{t+1} = (q ⊕ (v + Δ_q) h, v + Δ_v)_t

x are the whitened numbers of a state, a the whitened action, Δ the change of state after its whitening is undone, C the `context`. A step
of the history is one token. Training predicts all changes of a window of C true states at once, with a Huber loss. Noise of size `noise` on
the whitened states teaches the network to predict from its own slightly wrong states. A rollout reads its own predictions in place of true
states.

Attention follows Vaswani et al., 2017 (arXiv 1706.03762), with norms first; as a model of motion it follows the Trajectory Transformer
(Janner et al., 2021, arXiv 2106.02039), with numbers in place of bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.settings import setting
from mosim_gym.world_models.attention import CausalTransformer
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.fitting import FitConfig
from mosim_gym.world_models.learned import LearnedModel, Network, joined
from mosim_gym.world_models.windows import Window


@dataclass(frozen=True)
class TransformerConfig(FitConfig):
    """`layers` blocks of `width` numbers and `heads` heads; `context` is the length of the history in states."""

    context: int = setting(10, least=1, most=64)
    width: int = setting(128, least=8, most=16_384)
    batch: int = setting(128, least=1, most=1_000_000)
    layers: int = setting(3, least=1, most=100)
    heads: int = setting(4, least=1, most=100)
    noise: float = setting(0.0, least=0, most=1)  # of whitened states in training
    huber: float = setting(1.0, above=0)  # whitened error at which the loss turns from square to linear


class HistoryNetwork(Network):
    """Reads tokens `(B, C, size + nu)` and gives whitened changes `(B, C, 2 nv)`."""

    def __init__(self, robot: Robot, coordinates: StateCoordinates, config: TransformerConfig) -> None:
        """`coordinates` say what is read of a state."""
        super().__init__(robot, coordinates)
        self._context, self._noise, self._huber = config.context, config.noise, config.huber
        self.body = CausalTransformer(
            coordinates.size + robot.nu,
            coordinates.change_size,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            length=config.context,
        )

    def loss(self, window: Window, generator: torch.Generator) -> Tensor:
        """The loss of all changes in the window."""
        states = self.states(self.coordinates(window.qpos[:, :-1], window.qvel[:, :-1]))
        if self._noise:
            states = states + self._noise * torch.randn(states.shape, generator=generator, device=states.device)
        found = self.body(torch.cat((states, self.commands(window.actions)), dim=-1))
        wanted = self.changes(self.true_change(window, slice(None, -1), slice(1, None)))
        return nn.functional.huber_loss(found, wanted, delta=self._huber)

    def predict(self, history: History, actions: Tensor) -> tuple[Tensor, Tensor]:
        """The states after each action."""
        q, v = history.qpos[:, -1], history.qvel[:, -1]
        tokens = self.inputs(history.qpos[:, :-1], history.qvel[:, :-1], history.actions)
        path: list[tuple[Tensor, Tensor]] = []
        for t in range(actions.shape[1]):
            tokens = torch.cat((tokens, self.inputs(q, v, actions[:, t])[:, None]), dim=1)[:, -self._context :]
            q, v = self.after(q, v, self.body(tokens)[:, -1])
            path.append((q, v))
        return joined(path)


class TransformerModel(LearnedModel):
    """A causal Transformer over the history."""

    title = "Transformer"
    config_type = TransformerConfig

    def __init__(self, config: TransformerConfig | None = None) -> None:
        """The defaults of `TransformerConfig` hold where no `config` is given."""
        super().__init__(config)
        self.config = config or TransformerConfig()

    def build(self, robot: Robot) -> HistoryNetwork:
        """The network for `robot`."""
        return HistoryNetwork(robot, StateCoordinates(robot), self.config)
