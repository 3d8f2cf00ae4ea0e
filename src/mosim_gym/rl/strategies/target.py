"""`Target`: what zero-shot training trains a policy for, a task of the catalogue or an environment that the user made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.envs.backend import Checkpoint, DynamicsOptions, open_dynamics
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.options import EPISODE_STEPS
from mosim_gym.envs.penalties.base import Penalty
from mosim_gym.envs.starts import Starts
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.seal import digest
from mosim_gym.rl.environments import base_of, episode_steps
from mosim_gym.robots import Task, load_task
from mosim_gym.robots.catalogue import is_packaged
from mosim_gym.robots.function_task import FunctionTask
from mosim_gym.robots.trial_states import at_rest, varied

TRIED = 32
"""States by which environments are told apart."""
Trainable = str | TorchEnv | gymnasium.Env[Any, Any] | gymnasium.vector.VectorEnv[Any, Any, Any]
"""A task's id, or an environment of `make_env`, `gym.make` or `gym.make_vec`, or its `torch`."""


@dataclass(frozen=True)
class Target:
    """A task with its name in records, and what else an environment has of its own."""

    task: Task
    name: str
    model: Dynamics | None = None
    """The environment's model; None for a task of the catalogue, whose model is chosen by name."""
    starts: Starts | None = None
    limit: int = EPISODE_STEPS
    """Control steps of an episode."""
    penalties: tuple[Penalty, ...] = ()

    def open(self, checkpoint: Checkpoint | None, precision: str = "float32") -> Dynamics:
        """The model in which policies are trained."""
        if self.model is not None and checkpoint is not None:
            raise ValueError("checkpoint: the environment has a model of its own; leave checkpoint out.")
        return open_dynamics(self.task.robot, checkpoint or self.model, DynamicsOptions(precision=precision))

    def environments(
        self, num_envs: int, dynamics: Dynamics, *, episode: int | None = None, **options: Any
    ) -> TorchEnv:
        """So many environments of the task, which `dynamics` move, in episodes of at most `episode` steps."""
        limit = self.limit if episode is None else episode if self.model is None else min(self.limit, episode)
        env = TorchEnv(self.task, num_envs, checkpoint=dynamics, max_episode_steps=limit, **options)
        if self.starts is not None:
            env.starts = self.starts
        return env


def target_of(task: Trainable) -> Target:
    """What is meant by a task's id or an environment. Raises `KeyError` for an unknown id, `TypeError` for anything else."""
    if isinstance(task, str):
        return Target(load_task(task), task)
    base = base_of(task)
    if base is None:
        raise TypeError(
            f"task is of {type(task).__name__}; it must be a task's id such as 'CheetahRun', or an environment of mosim_gym."
        )
    own = base.task
    if is_packaged(own) or not isinstance(own, FunctionTask):
        name = own.id()
    else:
        reward = own.functions.reward
        called = getattr(reward, "__name__", type(reward).__name__)
        name = f"{own.robot.name}, {called}, {_fingerprint(own, base, episode_steps(task, base))}"
    return Target(own, name, base.dynamics, base.starts, episode_steps(task, base), tuple(base.penalties))


@torch.no_grad()
def _fingerprint(task: FunctionTask, base: Any, limit: int) -> str:
    """Eight characters that tell an environment from others: by its starts, and by what its functions say of some states."""
    generator = Generator().manual_seed(0)
    start: dict[str, Tensor] = {**task.sample_start(generator, TRIED)._asdict(), **base.starts.draw(generator, TRIED)}
    rest = at_rest(
        task.robot, *(start[part].to(base.core.device, base.dynamics.dtype) for part in ("qpos", "qvel", "goal"))
    )
    qpos, qvel, goal, action = varied(task.robot, rest, base.dynamics.card.get("box"), generator)
    features, sensors = task.features(qpos, qvel), qpos.new_zeros(TRIED, task.sensor_count)
    said: dict[str, Tensor | None] = {
        **start,
        "reward": task.reward(features, action, goal, sensors),
        "terminated": task.terminated(features, goal),
        **{f"observation {part}": value for part, value in task.observation(features, goal, sensors).items()},
    }
    ranges = [side.tolist() for side in task.robot.control_range]
    penalties = [type(penalty).__name__ for penalty in base.penalties]
    arrays = {name: np.round(value.double().cpu().numpy(), 3) for name, value in said.items() if value is not None}
    return digest(arrays, json.dumps([ranges, limit, penalties]))[:8]
