"""`Penalised` and `PenalisedVector`: any penalty around a single environment, and around a batch of them."""

from __future__ import annotations

from typing import Any

import gymnasium

from mosim_gym.envs.penalties.base import Penalty
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.vector import MoSimVectorEnv


class Penalised(gymnasium.Wrapper):  # type: ignore[type-arg]
    """Takes `penalty` off the reward of a `MoSimEnv`. `info` holds the penalty's readings, `penalty` and the task's own `raw_reward`."""

    def __init__(self, env: gymnasium.Env[Any, Any], penalty: Penalty) -> None:
        """`env` is a `MoSimEnv`, or wraps one."""
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, MoSimEnv):
            raise TypeError(f"A penalty needs gym.make of a MoSim id, not {type(base).__name__}.")
        penalty.bind(base.core, base.dynamics)
        self._base, self._penalty = base, penalty

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """The environment's step, with the penalty taken off its reward."""
        with self._base.penalties.also(self._penalty):
            return self.env.step(action)


class PenalisedVector(gymnasium.vector.VectorWrapper):  # type: ignore[type-arg]
    """Takes `penalty` off the rewards of a `MoSimVectorEnv`. `info` holds its readings, `penalty` and the task's own `raw_reward`.

    Several penalties around one another are all taken off, and `penalty` is their sum. They are taken off inside the environment, so
    wrappers between them get the penalised reward.
    """

    def __init__(self, env: gymnasium.vector.VectorEnv[Any, Any, Any], penalty: Penalty) -> None:
        """`env` is a `MoSimVectorEnv`, or wraps one."""
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, MoSimVectorEnv):
            raise TypeError(f"A penalty needs gym.make_vec of a MoSim id, not {type(base).__name__}.")
        penalty.bind(base.torch.core, base.torch.dynamics)
        self._torch, self._penalty = base.torch, penalty

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """The environments' step, with the penalty taken off their rewards."""
        with self._torch.penalties.also(self._penalty):
            return self.env.step(actions)


def penalise(env: Any, penalty: Penalty) -> Penalised | PenalisedVector:
    """`env`, single or batched, with `penalty` taken off its rewards."""
    if isinstance(env, gymnasium.vector.VectorEnv):
        return PenalisedVector(env, penalty)
    if isinstance(env, gymnasium.Env):
        return Penalised(env, penalty)
    raise TypeError(
        f"env is a {type(env).__name__}; it must come from gym.make or gym.make_vec of a MoSim id; "
        "a TorchEnv takes penalties=[…]."
    )
