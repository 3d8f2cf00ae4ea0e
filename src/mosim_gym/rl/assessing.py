"""`assess`: may this policy run on my robot? Each member of the model plays it alone, and every step is held against data and limits."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any, Protocol, cast

import numpy as np
from gymnasium import spaces

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.ends import END_DIVERGED
from mosim_gym.envs.made_options import BATCH_OPTIONS
from mosim_gym.envs.making import make_env
from mosim_gym.envs.options import step_limit
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.spaces import unflatten_observation
from mosim_gym.envs.vector import MoSimVectorEnv
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.numbers import check_seed, positive_number
from mosim_gym.mechanics.signatures import options_of
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.rl.assessment import Assessment
from mosim_gym.rl.environments import base_of, episode_steps
from mosim_gym.rl.watched_steps import WatchedSteps
from mosim_gym.robots.function_task import Reward
from mosim_gym.robots.spaces import observation_shapes

Array = np.ndarray


class BatchPolicy(Protocol):
    """A policy with Stable-Baselines3's `predict`, for many observations at once."""

    def predict(self, observation: Any, *, deterministic: bool = False) -> tuple[Any, Any]:
        """Actions `(B, nu)` for B observations, and a recurrent state, which is not used."""
        ...


@options_of(make_env, without=("num_envs", *BATCH_OPTIONS))
def assess(
    policy: BatchPolicy,
    env: Any,
    reward: Reward | None = None,
    *,
    episodes: int = 8,
    max_episode_steps: int | None = None,
    speed_limits: Mapping[str, float] | None = None,
    seed: int = 0,
    **options: Any,
) -> Assessment:
    """Play `episodes` episodes of the policy's deterministic actions in each member of a model, with no end where the data end.

    Returns are without penalties.

    - `env` is an environment of this package, single, batched or in torch; or a model (`Dynamics`, name or path) with a `reward`, and with
      `options` as for `make_env`.
    - `max_episode_steps` is by default the environment's limit.
    - `speed_limits` are the largest speeds that joints may have, by the joint's name, in rad/s or m/s.
    """
    _check_policy(policy)
    count = positive_number(episodes, "episodes")
    check_seed(seed)
    base = _environment(env, reward, options)
    limit = episode_steps(env, base) if max_episode_steps is None else step_limit(max_episode_steps)
    dynamics, task = base.dynamics, base.task
    members = dynamics.members
    play = TorchEnv(
        task,
        members * count,
        checkpoint=dynamics,
        device=base.core.device,
        max_episode_steps=limit,
        outside_model="continue",
        autoreset="disabled",
    )
    play.starts = base.starts
    layout = observation_shapes(task) if _has_parts(env) else None
    seen = WatchedSteps(dynamics, members * count, speed_limits or {})
    observation, total = play.reset(seed=seed), np.zeros(play.num_envs)
    running = np.ones(play.num_envs, bool)
    lengths, terminated, diverged = np.zeros(play.num_envs, int), 0, 0
    while running.any():
        action = policy.predict(unflatten_observation(observation.cpu().numpy(), layout), deterministic=True)[0]
        control = from_numpy(np.asarray(action, np.float32)).to(play.device)
        step = play.step(control)
        total += np.where(running, step.reward.cpu().numpy(), 0.0)
        lengths += running
        seen.add(running, play.state, play.core.clipped(control))
        over = (step.terminated | step.truncated).cpu().numpy()
        terminated += int((running & step.terminated.cpu().numpy()).sum())
        diverged += int((running & (step.end == END_DIVERGED).cpu().numpy()).sum())
        running &= ~over
        observation = step.observation
        if over.any() and running.any():  # rows that are over begin a new episode, which is not counted
            observation = play.reset(mask=from_numpy(over))
    return Assessment(
        robot=task.robot.name,
        control_step=task.robot.control_step,
        returns=total.reshape(count, members).T,
        lengths=lengths.reshape(count, members).T,
        terminated=terminated,
        diverged=diverged,
        has_box=seen.has_box,
        outside=seen.outside,
        first_outside=seen.first_outside,
        excursions=seen.excursions(),
        limits=seen.limits(),
        model_error=dynamics.card.get("held_out", {}).get("error_beside_still"),
    )


def _environment(env: Any, reward: Reward | None, options: Mapping[str, Any]) -> MoSimEnv | TorchEnv:
    """What holds the task, the dynamics and the starts."""
    if isinstance(env, Dynamics | str | PathLike):
        if reward is None:
            raise ValueError("assess needs a reward, or an environment that has one.")
        model: str | Dynamics = env if isinstance(env, Dynamics) else str(fspath(env))
        made = cast("MoSimEnv | MoSimVectorEnv", make_env(model, reward, **options))
        return made.torch if isinstance(made, MoSimVectorEnv) else made
    if reward is not None or options:
        raise ValueError(
            f"{', '.join((['reward'] if reward is not None else []) + list(options))}: the environment has its own."
        )
    base = base_of(env)
    if base is None:
        raise TypeError(
            f"env is of {type(env).__name__}; it must be an environment of mosim_gym, or a model with a reward."
        )
    return base


def _check_policy(policy: object) -> None:
    if not callable(getattr(policy, "predict", None)):
        raise TypeError(
            f"policy is of {type(policy).__name__}; it must have predict(observation, deterministic=True), as what "
            "mosim_gym.load_policy(path) returns."
        )


def _has_parts(env: Any) -> bool:
    """Whether policies get observations by name."""
    space = getattr(env, "single_observation_space", getattr(env, "observation_space", None))
    return isinstance(space, spaces.Dict)
