"""`Penalised` and `PenalisedVector`: any penalty around a single environment, and around a batch of them, as tensors too."""

from __future__ import annotations

from typing import Any

import gymnasium
from torch import Tensor

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.ends import TorchStep
from mosim_gym.envs.penalties.base import Penalties, Penalty, check_penalty
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.spaces import Info
from mosim_gym.envs.vector import MoSimVectorEnv


class Penalised(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Takes `penalty` off the reward of a `MoSimEnv`. `info` holds the penalty's readings, `penalty` and the task's own `raw_reward`."""

    def __init__(self, env: gymnasium.Env[Any, Any], penalty: Penalty) -> None:
        """`env` is a `MoSimEnv`, or wraps one."""
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, MoSimEnv):
            raise TypeError(
                f"A penalty needs an environment of mosim_gym, of gym.make or make_env, not {type(base).__name__}."
            )
        check_penalty(penalty)
        penalty.bind(base.core, base.dynamics)
        self._base, self._penalty = base, penalty

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, Info]:
        """The environment's step, with the penalty taken off its reward."""
        with self._base.penalties.also(self._penalty):
            return self.env.step(action)


class PenalisedTorch:
    """A `TorchEnv` with `penalty` taken off its rewards, gradients included; everything but `step` is the environment's own."""

    def __init__(self, env: TorchEnv | PenalisedTorch, penalties: Penalties, penalty: Penalty) -> None:
        """`penalties` are those of the `TorchEnv` at the bottom of `env`."""
        self._env, self._penalties, self._penalty = env, penalties, penalty

    def step(self, action: Tensor) -> TorchStep:
        """As the environments', less the penalty."""
        with self._penalties.also(self._penalty):
            return self._env.step(action)

    def __getattr__(self, name: str) -> Any:
        """What the environments have."""
        if name == "_env":  # while a copy is made
            raise AttributeError(name)
        return getattr(self._env, name)


class PenalisedVector(gymnasium.vector.VectorWrapper[Any, Any, Any]):
    """Takes `penalty` off the rewards of a `MoSimVectorEnv`. `info` holds its readings, `penalty` and the task's own `raw_reward`.

    Several penalties around one another are all taken off, and `penalty` is their sum. They are taken off inside the environment, so
    wrappers between them get the penalised reward. `unwrapped` and `unwrapped.torch` are without penalties, and `torch` is with them.
    """

    def __init__(self, env: gymnasium.vector.VectorEnv[Any, Any, Any], penalty: Penalty) -> None:
        """`env` is a `MoSimVectorEnv`, or wraps one."""
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, MoSimVectorEnv):
            raise TypeError(
                f"A penalty needs a batch of mosim_gym, of gym.make_vec or make_env(…, num_envs=…), not {type(base).__name__}."
            )
        check_penalty(penalty)
        penalty.bind(base.torch.core, base.torch.dynamics)
        self._torch, self._penalty = base.torch, penalty

    @property
    def torch(self) -> PenalisedTorch:
        """The environments as tensors, less the penalty, and less those within."""
        inner: Any = self.env
        return PenalisedTorch(inner.torch, self._torch.penalties, self._penalty)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, Info]:
        """The environments' step, with the penalty taken off their rewards."""
        with self._torch.penalties.also(self._penalty):
            return self.env.step(actions)


def penalise(
    env: gymnasium.Env[Any, Any] | gymnasium.vector.VectorEnv[Any, Any, Any], penalty: Penalty
) -> Penalised | PenalisedVector:
    """`env`, single or batched, with `penalty` taken off its rewards."""
    if isinstance(env, gymnasium.vector.VectorEnv):
        return PenalisedVector(env, penalty)
    _check_env(env)
    return Penalised(env, penalty)


def _check_env(env: object) -> None:
    if not isinstance(env, gymnasium.Env):
        raise TypeError(
            f"env is a {type(env).__name__}; it must come from gym.make or gym.make_vec of a MoSim id, or from make_env; "
            "a TorchEnv takes penalties=[…]."
        )
