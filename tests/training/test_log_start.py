"""Models that simulation trained are a start for logs."""

from __future__ import annotations

import pytest
import torch
from tests.training.measured import QUICK, pendulum_logs

import mosim_gym
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.training.from_logs import train
from mosim_gym.training.log_start import started_model, started_robot


def test_a_model_of_simulated_motion_learns_how_positions_move():
    before = mosim_gym.load("pendulum")
    assert not before.model.drifts
    robot = started_robot(before)
    model = started_model(before, robot, torch.ones(4, 1) * torch.tensor([[1.0], [2.0], [3.0], [4.0]]))
    assert model.drifts
    logs, test = pendulum_logs(lag=0), pendulum_logs(segments=2, seed=1, lag=0)
    untrained = mosim_gym.evaluate_prediction(before, test, horizons=[0.1]).overall()[0]
    after = train("pendulum", logs, config=QUICK, steps=40, start=before)
    assert after.members == before.members
    assert after.robot.integrator == "continuous"
    assert mosim_gym.evaluate_prediction(after, test, horizons=[0.1]).overall()[0] < untrained


def test_a_model_goes_on_learning_by_itself():
    logs = pendulum_logs(segments=3)
    model = train("pendulum", logs, config=QUICK, steps=4)
    again = model.fine_tune(logs, config=QUICK, steps=2)
    assert again.card["refined_from"].startswith("pendulum ")
    assert again.memory == model.memory


def test_new_outputs_begin_at_zero():
    before = mosim_gym.load("pendulum")
    model = started_model(before, started_robot(before), torch.randn(8, 1))
    qpos, qvel = torch.randn(2, before.members, 5, 1)
    action, values = torch.zeros(before.members, 5, 1), ForwardKinematics(before.robot, before.quantities)(qpos, qvel)
    one, other = before.model(qpos, qvel, action, values), model(qpos, qvel, action, values)
    torch.testing.assert_close(other.acceleration, one.acceleration)
    assert other.drift is not None
    assert not other.drift.any()


def test_readings_of_sensors_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="readings of sensors, which logs do not have"):
        started_robot(mosim_gym.load("hopper"))
