"""A model of simulated motion says the same with one more corrector, which acts everywhere."""

from __future__ import annotations

import numpy as np
import torch
from tests.data.logged import cube, turning
from tests.training.measured import pendulum_logs

import mosim_gym
from mosim_gym.data.logs import Logs
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.training.log_corrector import beyond_model
from mosim_gym.training.log_motion import LogMotion
from mosim_gym.training.log_start import started_robot


def _tumbling_cube():
    """A model of a cube with random weights that foresees contact, and motion of the cube."""
    torch.manual_seed(0)
    model = MoSim(cube(), preset("measured-contacts", members=2))
    for part in (model.bias, *model.correctors):
        torch.nn.init.normal_(part.last.weight, std=0.1)
    qpos, qvel = turning(120)
    return Simulator(model, {}), Logs(cube(), qpos, qvel, np.zeros((120, 0)), np.array([0, 120]))


def test_what_a_model_says_stays_and_the_new_corrector_acts_where_nothing_touches():
    before, logs = _tumbling_cube()
    model = beyond_model(before, before.robot, LogMotion(before.robot, logs, 0), 0, seed=0)
    high, speed, none = torch.from_numpy(logs.qpos[:6]), torch.from_numpy(logs.qvel[:6]), torch.zeros(6, 0)
    after = Simulator(model, {})
    for there, here in zip(after.step(high, speed, none), before.step(high, speed, none), strict=True):
        torch.testing.assert_close(there, here, rtol=1e-5, atol=1e-6)
    torch.nn.init.normal_(model.correctors[-1].last.bias, std=1.0)
    moved = Simulator(model, {})
    assert (moved.step(high, speed, none).qvel - after.step(high, speed, none).qvel).abs().min() > 1e-6
    traced = moved.step(high.clone().requires_grad_(), speed, none)
    torch.testing.assert_close(traced.qvel.detach(), moved.step(high, speed, none).qvel, rtol=1e-4, atol=1e-5)
    one = Simulator(model, {}, ensemble=[0])
    torch.testing.assert_close(one.step(high, speed, none).qvel[:1], moved.step(high[:1], speed[:1], none[:1]).qvel)


def test_commands_before_and_dry_friction_are_new_inputs_of_the_corrector_alone(rng):
    before = mosim_gym.load("pendulum")
    robot = started_robot(before)
    model = beyond_model(before, robot, LogMotion(robot, pendulum_logs(2, 60), 2), 2, seed=0)
    after = Simulator(model, {})
    assert (before.memory, after.memory) == (0, 2)
    state, action, previous = rng.normal(size=(2, 6, 1)), rng.uniform(-1, 1, (6, 1)), rng.uniform(-1, 1, (6, 2, 1))
    here = after.step(*state, action, previous=previous).qvel
    np.testing.assert_allclose(here, before.step(*state, action).qvel, rtol=1e-5, atol=1e-5)
    torch.nn.init.normal_(model.correctors[-1].last.weight, std=1.0)
    corrected = Simulator(model, {})
    moved = corrected.step(*state, action, previous=previous).qvel - corrected.step(*state, action).qvel
    assert np.abs(moved).min() > 1e-6
