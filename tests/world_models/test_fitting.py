"""The loop that fits a network ends by steps or by the clock, and its settings are checked."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

from mosim_gym.world_models.fitting import FitConfig, fit_network


def fitted(config, seconds=0.0):
    torch.manual_seed(0)
    network = nn.Linear(1, 1)
    x = torch.linspace(-1, 1, 20)[:, None]
    average, steps = fit_network(
        network, lambda _: (network(x) - 3 * x - 1).square().mean(), config, time.monotonic() + seconds
    )
    return average, steps


def test_a_number_of_steps_holds_whatever_the_time():
    average, steps = fitted(FitConfig(steps=400, rate=0.05, ema=0.9))
    assert steps == 400
    assert float(average.weight.detach()) == pytest.approx(3, abs=0.05)
    assert float(average.bias.detach()) == pytest.approx(1, abs=0.05)


def test_without_a_number_the_time_ends_the_fit():
    assert fitted(FitConfig())[1] == 1
    assert fitted(FitConfig(), seconds=0.2)[1] > 1


def test_settings_out_of_bounds_are_refused():
    with pytest.raises(ValueError, match="rate is 0; it must be positive"):
        FitConfig(rate=0)
    with pytest.raises(KeyError, match="device"):
        FitConfig(device="abacus")
