"""What is inside an environment that a user made: the environment of this package below all wrappers, and the length of its episodes."""

from __future__ import annotations

from typing import Any

import gymnasium

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.options import ENDLESS, EPISODE_STEPS
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.vector import MoSimVectorEnv


def base_of(env: object) -> MoSimEnv | TorchEnv | None:
    """What holds the task, the dynamics and the starts of `env`; None for what is no environment of this package."""
    base = getattr(env, "unwrapped", env)
    if isinstance(base, MoSimVectorEnv):
        base = base.torch
    return base if isinstance(base, MoSimEnv | TorchEnv) else None


def episode_steps(env: Any, base: MoSimEnv | TorchEnv) -> int:
    """The control steps after which an episode is cut: the environment's own number, or that of `gym.make` around it; 1,000 without any."""
    spec = env.spec if isinstance(env, gymnasium.Env) else None
    around = None if spec is None else spec.max_episode_steps
    own = base.limit if around is None else min(base.limit, around)
    return EPISODE_STEPS if own == ENDLESS else own
