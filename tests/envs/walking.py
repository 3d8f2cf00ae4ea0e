"""A walk of a batch by random actions, for tests that compare two of them."""

from __future__ import annotations

import torch

from mosim_gym.envs.batch import TorchEnv


def walk(env: TorchEnv, steps: int = 8) -> list[torch.Tensor]:
    """Observations and rewards on the way, the same for the same environment."""
    observations = [env.reset(seed=5)]
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        step = env.step(torch.rand(env.num_envs, env.task.robot.nu, generator=generator, dtype=torch.float32) * 2 - 1)
        observations += [step.observation, step.reward]
    return observations
