"""`EnsembleDisagreement`: keeps learners where an ensemble's members agree, by a penalty, by cutting episodes short, or both."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from torch import Tensor

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.core import State
from mosim_gym.envs.vector import MoSimVectorEnv
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import is_finite


class DisagreementWatch:
    """`penalty · max(0, d / d₀ - 1)` is taken off the reward and, with `truncate`, an episode ends, where the members' disagreement d
    exceeds d₀, its `quantile` over held-out motion of the model's recipe as the card has it. `latest (B,)` holds d / d₀ of the last step.
    """

    def __init__(self, env: TorchEnv, *, penalty: float = 0.0, truncate: bool = True, quantile: str = "0.999") -> None:
        """`env` must run on a checkpoint with at least two members."""
        dynamics = env.dynamics
        if dynamics.members < 2:
            raise ValueError("A disagreement needs a checkpoint with at least two ensemble members.")
        if not is_finite(penalty) or penalty < 0:
            raise ValueError(f"penalty is {penalty!r}; it must be a finite number, at least 0.")
        if not isinstance(truncate, bool | np.bool_):
            raise ValueError(f"truncate is {truncate!r}; it must be True or False.")
        known = dynamics.card.get("disagreement", {})
        if quantile not in known:
            raise UnknownName("quantile of the training disagreement", quantile, list(known))
        self._dynamics, self._usual = dynamics, float(known[quantile])
        self._penalty, self._truncate = float(penalty), bool(truncate)
        self.latest = torch.zeros(env.num_envs)

    def __call__(self, state: State, action: Tensor) -> tuple[Tensor, Tensor]:
        """Penalties and where to cut."""
        values = state.features.values
        self.latest = self._dynamics.disagreement(state.qpos, state.qvel, action, values) / self._usual
        penalty = self._penalty * (self.latest - 1).clamp(min=0)
        return penalty, (self.latest > 1) & self._truncate


class EnsembleDisagreement(gymnasium.vector.VectorWrapper):  # type: ignore[type-arg]
    """`DisagreementWatch` around a `MoSimVectorEnv`; `info["disagreement"]` is d / d₀ of each environment.

    Around another penalty, or inside one, both are taken off.
    """

    def __init__(
        self,
        env: gymnasium.vector.VectorEnv[Any, Any, Any],
        *,
        penalty: float = 0.0,
        truncate: bool = True,
        quantile: str = "0.999",
    ) -> None:
        """`env` may itself be wrapped; at its bottom must be a `MoSimVectorEnv`."""
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, MoSimVectorEnv):
            raise TypeError(f"EnsembleDisagreement needs gym.make_vec of a MoSim id, not {type(base).__name__}.")
        self._torch = base.torch
        self._watch = DisagreementWatch(base.torch, penalty=penalty, truncate=truncate, quantile=quantile)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """As the environment's, with the disagreement in `info`."""
        with self._torch.watched_by(self._watch):
            observation, reward, terminated, truncated, info = self.env.step(actions)
        info["disagreement"] = self._watch.latest.cpu().numpy()
        return observation, reward, terminated, truncated, info
