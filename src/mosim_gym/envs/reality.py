"""`reality`: the real task, from dm_control or in MuJoCo behind this package's core."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import gymnasium

from mosim_gym.envs.real import make_real
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.packages import has_dm_control
from mosim_gym.robots import find_task


def reality(task: str, **options: Any) -> gymnasium.Env[Any, Any]:
    """dm_control's own environment of `task`, or MuJoCo behind the package's core for a task that dm_control does not have.

    Where dm_control is not installed, as on Python 3.13, its tasks are played in MuJoCo behind the core, too, with one warning.
    `options` are those that both take, such as `max_episode_steps` and `render_mode`. `info` holds `qpos`, `qvel` and `goal`.
    """
    if find_task(task)[1].in_dm_control:
        if has_dm_control():
            return make_real(task, **options)
        _warn_once()
    return gymnasium.make(env_id(task), checkpoint="truth", **options)


def reality_name(task: str) -> str:
    """What `reality` plays `task` in: `dm_control` or `MuJoCo`."""
    return "dm_control" if find_task(task)[1].in_dm_control and has_dm_control() else "MuJoCo"


@cache
def _warn_once() -> None:
    warnings.warn(
        "dm_control is not installed: its tasks are played in MuJoCo behind this package's core, which agrees with it up to rounding.",
        RuntimeWarning,
        stacklevel=3,
    )
