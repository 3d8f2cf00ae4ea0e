"""The starts of training episodes: the task's own, states spread over all that the robot can do, or states near reward."""

from __future__ import annotations

import numpy as np
import torch

from mosim_gym.data.resets import reset_sampler
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.starts import TASK, ResetFrom
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.robots import Task
from mosim_gym.robots.catalogue import as_task, definition_of

BANK = 20_000
"""The number of states from which training draws starts."""
TRIED = 20
"""The number of spread states that are tried for each one that is kept as near reward."""
GLANCE = 20
"""The number of control steps without control whose reward says how near to reward a state is."""


def training_starts(
    task: str | Task, dynamics: Dynamics, *, spread: float = 0.0, near_reward: float = 0.0, seed: int = 0
) -> ResetFrom:
    """The task's starts, or a bank of states: a share `spread` over all that the robot can do, a share `near_reward`, the rest as the task.

    States near reward are chosen from many spread ones: those after which `dynamics` brings the most reward in the next steps without
    control. From them training meets the part of the task that is nearly solved.
    """
    if spread + near_reward > 1:
        raise ValueError(
            f"spread_starts and near_reward_starts are {spread} and {near_reward}; their sum must be at most 1."
        )
    if spread == near_reward == 0:
        return TASK
    definition = definition_of(as_task(task).robot)
    if definition is None or definition.coverage is None:
        raise ValueError(
            f"spread_starts and near_reward_starts need a robot of the catalogue with a coverage, and {as_task(task).robot.name} is none; "
            "make_env(…, reset=…) says where episodes begin."
        )
    own = as_task(task).sample_start(torch.Generator().manual_seed(seed), BANK)
    states = {name: part.double().numpy().copy() for name, part in own._asdict().items()}
    sample, rng = reset_sampler("wide", definition), np.random.default_rng(seed)
    first, near = round(spread * BANK), round(near_reward * BANK)
    states["qpos"][:first], states["qvel"][:first] = sample(rng, first)
    for start in range(first, first + near, 1000):
        rows = slice(start, min(start + 1000, first + near))
        count = rows.stop - rows.start
        tried = {name: np.repeat(part[rows], TRIED, axis=0) for name, part in states.items()}
        tried["qpos"], tried["qvel"] = sample(rng, count * TRIED)
        best = np.argsort(-_glance(task, tried, dynamics), kind="stable")[:count]
        for name, part in states.items():
            part[rows] = tried[name][best]
    return states


def steps_of_glances(near_reward: float) -> int:
    """The number of control steps with which `training_starts` finds the states near reward."""
    return round(near_reward * BANK) * TRIED * GLANCE


def _glance(task: str | Task, states: dict[str, np.ndarray], dynamics: Dynamics) -> np.ndarray:
    """The reward of each state over the next `GLANCE` control steps without control. A state that leaves the model gets no more."""
    rows = len(states["qpos"])
    env = TorchEnv(task, rows, checkpoint=dynamics, autoreset="disabled", max_episode_steps=-1)
    env.reset(seed=0, options=states)
    idle = torch.zeros(rows, env.task.robot.nu)
    total, running = np.zeros(rows), np.ones(rows, bool)
    for _ in range(GLANCE):
        step = env.step(idle)
        total += np.where(running, step.reward.numpy(), 0.0)
        over = step.terminated | step.truncated
        running &= ~over.numpy()
        if bool(over.any()):
            env.reset(mask=over)
    return total
