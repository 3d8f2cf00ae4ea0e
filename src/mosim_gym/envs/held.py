"""Holds an action for several control steps, as one longer step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mosim_gym.envs.ends import TorchStep


def held(step: Callable[[Tensor], TorchStep], action: Tensor, repeat: int) -> TorchStep:
    """`repeat` calls of `step(action)`. The reward is their mean, in which steps after an episode's end count as 0.

    `step` must reset episodes in the step that ends them.
    """
    whole = step(action)
    reward = whole.reward / repeat
    for _ in range(repeat - 1):
        done = whole.terminated | whole.truncated
        next_ = step(action)
        reward = reward + torch.where(done, 0.0, next_.reward / repeat)
        ends = (next_.terminated | next_.truncated) & ~done
        final = whole.final
        if next_.final is not None:
            final = next_.final if final is None else torch.where(ends[:, None], next_.final, final)
        whole = TorchStep(
            observation=next_.observation,
            reward=reward,
            terminated=whole.terminated | (next_.terminated & ends),
            truncated=whole.truncated | (next_.truncated & ends),
            end=torch.where(ends, next_.end, whole.end),
            final=final,
        )
    return whole._replace(reward=reward)
