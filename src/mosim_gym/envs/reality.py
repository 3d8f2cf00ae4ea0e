"""The real task, whoever defined it."""

from __future__ import annotations

from typing import Any

import gymnasium

from mosim_gym.envs.real import make_real
from mosim_gym.envs.registration import env_id
from mosim_gym.robots import find_task


def reality(task: str, **options: Any) -> gymnasium.Env[Any, Any]:
    """dm_control's own environment of `task`, or MuJoCo behind the package's core for a task that dm_control does not have.

    `options` are those that both take, such as `max_episode_steps` and `render_mode`; `info` holds `qpos`, `qvel` and `goal`.
    """
    if find_task(task)[1].in_dm_control:
        return make_real(task, **options)
    return gymnasium.make(env_id(task), checkpoint="truth", **options)
