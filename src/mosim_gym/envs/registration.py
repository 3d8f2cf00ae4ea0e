"""Gymnasium ids: one `MoSim/<Task>-v0` for each task of the catalogue."""

from __future__ import annotations

import gymnasium

from mosim_gym.envs.options import EPISODE_STEPS
from mosim_gym.robots import tasks

NAMESPACE = "MoSim"


def env_id(task: str) -> str:
    """`MoSim/CheetahRun-v0` for `CheetahRun`."""
    return f"{NAMESPACE}/{task}-v0"


def register_all() -> None:
    """Register every task that is not registered yet. Entry points are strings, so that specs can be serialised."""
    for task in tasks():
        if env_id(task) not in gymnasium.registry:
            gymnasium.register(  # pyright: ignore[reportUnknownMemberType]  # one of its parameters has no type
                env_id(task),
                entry_point="mosim_gym.envs.single:MoSimEnv",
                vector_entry_point="mosim_gym.envs.vector:MoSimVectorEnv",
                max_episode_steps=EPISODE_STEPS,
                kwargs={"task": task},
            )
