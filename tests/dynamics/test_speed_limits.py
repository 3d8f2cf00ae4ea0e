"""Velocities far beyond those that a model has seen are not reached."""

from __future__ import annotations

import torch

from mosim_gym.dynamics.control_step import Motion
from mosim_gym.dynamics.speed_limits import SpeedLimits


def test_a_step_leads_to_no_velocity_beyond_the_widened_box():
    limits = SpeedLimits.of_card({"box": {"qvel": [[-1.0], [2.0]]}}, 0.1, torch.float32, torch.device("cpu"))
    assert limits is not None
    assert (limits.low.item(), limits.high.item()) == (-4.0, 5.0)
    held = limits.held(Motion(torch.tensor([[1e6], [1.0]]), torch.tensor([[1e6], [1.0]])), torch.zeros(2, 1))
    assert held.acceleration.flatten().tolist() == [50.0, 1.0]
    assert held.drift is not None
    assert held.drift.flatten().tolist() == [5.0, 1.0]


def test_a_card_without_a_box_limits_nothing():
    assert SpeedLimits.of_card({}, 0.1, torch.float32, torch.device("cpu")) is None
