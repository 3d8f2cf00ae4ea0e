"""Where the episodes of training begin: in the task's own starts, all over what the robot can do, or where reward is near."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mosim_gym.data.resets import reset_sampler
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.starts import TASK, ResetFrom
from mosim_gym.robots import find_task, load_task

STARTS = 20_000  # states in the bank
TRIED = 20  # for each promising state so many spread ones are tried
GLANCE = 20  # control steps, uncontrolled, whose reward makes a state promising


def training_starts(
    task: str, *, wide: float = 0.0, promising: float = 0.0, seed: int = 0, checkpoint: Any = None
) -> ResetFrom:
    """The task's own starts; or a bank of states of which shares are spread `wide` over all that the robot can do, or are `promising`.

    Promising are, of many spread states, those after which the model (or `checkpoint`) brings the most reward in the next moment when
    nothing is done: where a task is nearly solved, what remains to be learned is met at once.
    """
    for name, share in (("wide", wide), ("promising", promising)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is {share}; it is a share of the episodes, from 0 to 1.")
    if wide + promising > 1:
        raise ValueError(f"wide and promising are {wide} and {promising}; together they are at most all episodes, 1.")
    if wide == promising == 0:
        return TASK
    own = load_task(task).sample_start(torch.Generator().manual_seed(seed), STARTS)
    states = {name: part.double().numpy().copy() for name, part in own._asdict().items()}
    sample, rng = reset_sampler("wide", find_task(task)[0]), np.random.default_rng(seed)
    spread, near = round(wide * STARTS), round(promising * STARTS)
    states["qpos"][:spread], states["qvel"][:spread] = sample(rng, spread)
    if near:
        for first in range(spread, spread + near, 1000):
            rows = slice(first, min(first + 1000, spread + near))
            count = rows.stop - rows.start
            tried = {name: np.repeat(part[rows], TRIED, axis=0) for name, part in states.items()}
            tried["qpos"], tried["qvel"] = sample(rng, count * TRIED)
            best = np.argsort(-_glance(task, tried, checkpoint), kind="stable")[:count]
            for name, part in states.items():
                part[rows] = tried[name][best]
    return states


def steps_of_glances(promising: float) -> int:
    """How many control steps `training_starts` takes to find the promising states."""
    return round(promising * STARTS) * TRIED * GLANCE


def _glance(task: str, states: dict[str, np.ndarray], checkpoint: Any) -> np.ndarray:
    """The reward that each state brings over the next `GLANCE` control steps without control; what leaves the model brings no more."""
    rows = len(states["qpos"])
    env = TorchEnv(task, rows, checkpoint=checkpoint, autoreset="disabled", max_episode_steps=-1)
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
