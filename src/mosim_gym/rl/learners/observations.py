"""Whitened observations for a learner's networks, so that metres, radians and their rates have one scale.

x' = (x - mean) / deviation,    both over states spread over all that the robot can do, and constant during training
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import Space
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor

from mosim_gym.data.resets import reset_sampler
from mosim_gym.envs.core import Core
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.robots import Task, find_task
from mosim_gym.robots.catalogue import as_task, is_packaged
from mosim_gym.robots.spaces import flatten, sensor_count

Array = np.ndarray
STATES, SEED = 8_000, 0
SILENT = 0.1  # deviation below which a number is not whitened, such as the reading of a sensor that nothing touches


def observation_statistics(task: str | Task) -> tuple[Array, Array]:
    """Mean and deviation, each `(n,)`, of the task's observation, from kinematics alone; 0 and 1 for a robot without coverage, and for a
    task that is not in the catalogue.
    """
    core = Core(as_task(task), sensor_count=sensor_count(task))
    definition = None if isinstance(task, Task) and not is_packaged(task) else find_task(core.task.id())[0]
    if definition is None or definition.coverage is None:
        size = flatten(core.observe(core.reset(torch.Generator(), 1))).shape[-1]
        return np.zeros(size), np.ones(size)
    qpos, qvel = reset_sampler("wide", definition)(np.random.default_rng(SEED), STATES)
    goal = core.task.sample_goal(torch.Generator().manual_seed(SEED), STATES)
    seen = flatten(core.observe(core.at(from_numpy(qpos), from_numpy(qvel), goal))).double().numpy()
    mean, std = seen.mean(0), seen.std(0)
    silent = std < SILENT
    return np.where(silent, 0.0, mean), np.where(silent, 1.0, std)


class Whitened(BaseFeaturesExtractor):
    """The whitening as SB3's features extractor. `mean` and `std (n,)` are constants."""

    mean: Tensor
    std: Tensor

    def __init__(self, observation_space: Space[Any], mean: Array, std: Array) -> None:
        """`mean` and `std` are not trained."""
        super().__init__(observation_space, len(mean))  # pyright: ignore[reportUnknownMemberType]  # a Space of what, SB3 does not say
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.as_tensor(std, dtype=torch.float32))

    def forward(self, observations: Tensor) -> Tensor:
        """The whitened observations `(B, n)`."""
        return (observations - self.mean) / self.std


def folded(weight: Array, bias: Array, extractor: Whitened) -> tuple[Array, Array]:
    """Weight and bias of the first layer `W x' + b` as a layer on the observation itself."""
    mean, std = extractor.mean.cpu().numpy(), extractor.std.cpu().numpy()
    return weight / std, bias - (weight / std) @ mean
