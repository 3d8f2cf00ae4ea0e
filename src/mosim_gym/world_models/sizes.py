"""Numbers of parameters, and the width of a network with a wanted number of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from torch import nn

from mosim_gym.mechanics import Robot
from mosim_gym.world_models.fitting import FitConfig
from mosim_gym.world_models.learned import LearnedModel

Config = TypeVar("Config", bound=FitConfig)
UNIT = 16
"""Widths are multiples of it."""


def parameters_in(network: nn.Module) -> int:
    """The number of trained numbers in a network."""
    return sum(part.numel() for part in network.parameters())


def sized(model: type[LearnedModel], config: Config, robot: Robot, parameters: int) -> Config:
    """`config` with the width for which `model`'s network for `robot` has nearest to so many `parameters`."""

    def missing(width: int) -> int:
        return parameters_in(model(replace(config, width=width)).build(robot)) - parameters

    low, high = UNIT, 2 * UNIT
    while missing(high) < 0:
        low, high = high, 2 * high
    while high - low > UNIT:
        middle = (low + high) // (2 * UNIT) * UNIT
        low, high = (middle, high) if missing(middle) < 0 else (low, middle)
    return replace(config, width=min(low, high, key=lambda width: abs(missing(width))))
