"""How the network of a world model is fitted: a configuration and one loop with a clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mosim_gym.mechanics.settings import check_settings, setting

WARM_UP = 50
"""Training steps in which the learning rate rises."""


@dataclass(frozen=True)
class FitConfig:
    """How a network is fitted. The learning rate of Adam rises, then falls along a cosine to zero at the end of the time or the steps."""

    context: int = setting(1, least=1, most=64)  # true states that a prediction begins with
    width: int = setting(256, least=8, most=16_384)  # units of a hidden layer
    rate: float = setting(1e-2, above=0, most=1)  # learning rate, by the study `rates`
    batch: int = setting(256, least=1, most=1_000_000)  # windows in a training step
    clip: float = setting(1.0, above=0)  # largest norm of the gradient
    ema: float = setting(0.99, least=0, below=1)  # of the weights' moving average, which predicts
    steps: int = setting(0, least=0, most=10**9)  # training steps, whatever the budget; 0: as many as the budget allows
    first_blocks: int = setting(4, least=1, most=10_000)  # blocks of motion that are read first
    held_blocks: int = setting(
        32, least=1, most=10_000
    )  # blocks that are kept; beyond, a fresh one replaces the oldest
    block_every: int = setting(200, least=1)  # training steps for each fresh block
    device: str = setting("cpu", choices=("cpu", "cuda"))

    def __post_init__(self) -> None:
        """Raise for a value that breaks its rule."""
        check_settings(self)


Loss = Callable[[int], Tensor]
"""The loss of a training step."""


def fit_network(network: nn.Module, loss: Loss, config: FitConfig, ends: float) -> tuple[nn.Module, int]:
    """Fit `network` until the clock (`time.monotonic`) says `ends`, or for `config.steps`; at least for one step.

    Returns the network with averaged weights, and the number of steps.
    """
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.ema)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-5)
    begun = time.monotonic()
    step, share = 0, 0.0
    network.train()
    while share < 1:
        for group in optimiser.param_groups:
            group["lr"] = config.rate * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * share))
        found = loss(step)
        optimiser.zero_grad(set_to_none=True)
        found.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        optimiser.step()
        average.update_parameters(network)
        step += 1
        passed = (time.monotonic() - begun) / max(ends - begun, 1e-9)
        share = step / config.steps if config.steps else passed
    return average.module.eval(), step
