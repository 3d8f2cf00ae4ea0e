"""Where the episodes of training begin: in the task's own starts, all over what the robot can do, or where reward is near."""

from __future__ import annotations

import numpy as np
import torch

from mosim_gym.data.resets import reset_sampler
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.starts import TASK, ResetFrom
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.robots import find_task, load_task

BANK = 20_000
"""States that training draws starts from."""
TRIED = 20
"""So many spread states are tried for each one that is kept as near reward."""
GLANCE = 20
"""Control steps without control, whose reward says how near a state is."""


def training_starts(
    task: str, dynamics: Dynamics, *, spread: float = 0.0, near_reward: float = 0.0, seed: int = 0
) -> ResetFrom:
    """The task's own starts; or a bank of states: a share `spread` over all that the robot can do, and a share `near_reward`.

    States near reward are, of many spread ones, those after which `dynamics` brings the most reward in the next moment when nothing is
    done. Where a task is nearly solved, what remains to be learned is met at once.
    """
    if spread + near_reward > 1:
        raise ValueError(
            f"spread_starts and near_reward_starts are {spread} and {near_reward}; together they are at most all episodes, 1."
        )
    if spread == near_reward == 0:
        return TASK
    own = load_task(task).sample_start(torch.Generator().manual_seed(seed), BANK)
    states = {name: part.double().numpy().copy() for name, part in own._asdict().items()}
    sample, rng = reset_sampler("wide", find_task(task)[0]), np.random.default_rng(seed)
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
    """How many control steps `training_starts` takes to find the states near reward."""
    return round(near_reward * BANK) * TRIED * GLANCE


def _glance(task: str, states: dict[str, np.ndarray], dynamics: Dynamics) -> np.ndarray:
    """The reward that each state brings over the next `GLANCE` control steps without control; what leaves the model brings no more."""
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
