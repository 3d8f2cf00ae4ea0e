"""Search for an open-loop gait: the sinusoid of the motors that earns most in the true task.

The control of motor i at time t is `offset_i + sine_i sin(2π f t) + cosine_i cos(2π f t)`, clipped to its range: 3 nu
+ 1 numbers, searched with the cross-entropy method (sample a population around a mean, move mean and spread to its
best eighth, repeat).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from mosim_gym.robots import Task
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray
LOWEST_FREQUENCY, HIGHEST_FREQUENCY = 0.5, 6.0  # Hz
SMALLEST_SPREAD = 0.03  # keeps the search moving when the elite agrees


@dataclass(frozen=True)
class Gait:
    """A periodic control: `offset + amplitude sin(2π frequency t + phase)`, one number for each motor, Hz and rad."""

    frequency: float
    amplitude: tuple[float, ...]
    phase: tuple[float, ...]
    offset: tuple[float, ...]


@dataclass(frozen=True)
class SearchConfig:
    """How long and how widely to search."""

    restarts: int = 3
    generations: int = 24
    population: int = 96
    starts: int = 6  # episodes' starts for each candidate, fresh ones for each generation
    steps: int = 1000
    seed: int = 0


def controls(parameters: Array, times: Array) -> Array:
    """Controls `(P, T, nu)`, unclipped, of candidates `(P, 3 nu + 1)` at `times (T,)` in s."""
    offset, sine, cosine = np.split(parameters[:, 1:], 3, axis=1)
    angle = 2 * np.pi * np.clip(parameters[:, :1], LOWEST_FREQUENCY, HIGHEST_FREQUENCY) * times
    wave = sine[:, None] * np.sin(angle)[..., None] + cosine[:, None] * np.cos(angle)[..., None]
    return offset[:, None] + wave


def search_gait(task: Task, config: SearchConfig, *, progress: bool = True) -> Gait:
    """The best gait found for `task`, judged by its return over `config.steps` true steps from true starts."""
    dynamics = TrueDynamics(task.robot.name)
    rng = np.random.default_rng(config.seed)
    starts = torch.Generator().manual_seed(config.seed)
    size = 3 * task.robot.nu + 1
    best, best_score = np.zeros(size), -np.inf
    bar = tqdm(total=config.restarts * config.generations, desc="gait search", disable=not progress)
    for _ in range(config.restarts):
        mean, spread = np.zeros(size), np.ones(size)
        mean[0] = rng.uniform(1.0, 4.0)
        for _ in range(config.generations):
            candidates = mean + spread * rng.normal(size=(config.population, size))
            candidates[0] = mean
            scores = _returns(task, dynamics, candidates, starts, config)
            elite = candidates[np.argsort(scores)[-config.population // 8 :]]
            mean = 0.2 * mean + 0.8 * elite.mean(axis=0)
            spread = np.maximum(0.3 * spread + 0.7 * elite.std(axis=0), SMALLEST_SPREAD)
            bar.set_postfix_str(f"return {scores.max():.0f} in {config.steps} steps")
            bar.update()
        score = float(_returns(task, dynamics, mean[None], starts, config, starts_each=32)[0])
        if score > best_score:
            best, best_score = mean, score
    bar.close()
    offset, sine, cosine = np.split(best[1:], 3)
    return Gait(
        frequency=round(float(np.clip(best[0], LOWEST_FREQUENCY, HIGHEST_FREQUENCY)), 3),
        amplitude=tuple(np.hypot(sine, cosine).round(3).tolist()),
        phase=tuple(np.arctan2(cosine, sine).round(3).tolist()),
        offset=tuple(offset.round(3).tolist()),
    )


def _returns(
    task: Task,
    dynamics: TrueDynamics,
    candidates: Array,
    generator: torch.Generator,
    config: SearchConfig,
    *,
    starts_each: int | None = None,
) -> Array:
    """Mean return `(P,)` of each candidate over the same fresh starts; a run that becomes unstable earns no more."""
    count = starts_each or config.starts
    start = task.sample_start(generator, count)
    times = np.arange(config.steps) * task.robot.control_step
    actions = np.clip(controls(candidates, times), *task.robot.control_range).repeat(count, axis=0)
    rows = len(candidates)
    qpos, qvel = np.tile(start.qpos.numpy(), (rows, 1)), np.tile(start.qvel.numpy(), (rows, 1))
    path = dynamics.rollout(qpos, qvel, actions)
    states = [torch.from_numpy(part).flatten(0, 1) for part in (path.qpos, path.qvel, path.sensors, actions)]
    goal = start.goal.repeat(rows, 1).repeat_interleave(config.steps, dim=0)
    features = task.features(states[0], states[1])
    reward = task.reward(features, states[3], goal, states[2]).nan_to_num()
    return reward.view(rows, count * config.steps).sum(dim=1).numpy() / count
