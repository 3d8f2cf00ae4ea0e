"""A checkpoint of shorter steps moves an environment by as many of them as its control step lasts."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.finer import FinerSteps
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.robots import load_robot
from mosim_gym.training.model_choice import model_for
from mosim_gym.truth.dynamics import TrueDynamics


@pytest.fixture
def fine():
    torch.manual_seed(0)
    robot = load_robot("hopper@0.005")
    return Simulator(MoSim(robot, model_for(robot.name)), {"name": robot.name})


def test_a_control_step_is_as_many_shorter_ones(fine):
    env = gym.make_vec("MoSim/HopperHop-v0", num_envs=5, checkpoint=fine)
    env.reset(seed=0)
    state, action = env.unwrapped.torch.state, np.full((5, 4), 0.3, np.float32)
    qpos, qvel = state.qpos, state.qvel
    env.step(action)
    for _ in range(4):
        qpos, qvel, sensors = fine.step(qpos, qvel, torch.from_numpy(action))
    after = env.unwrapped.torch.state
    for found, wanted in ((after.qpos, qpos), (after.qvel, qvel), (after.sensors, sensors)):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_a_rollout_is_every_fourth_of_the_shorter_steps(fine):
    coarse = load_robot("hopper")
    bank = coarse.reset_banks["hop"]
    qpos, qvel = bank.qpos[:6], bank.qvel[:6]
    actions = np.random.default_rng(0).uniform(-1, 1, (6, 3, 4)).astype(np.float32)
    path = FinerSteps(fine, coarse, 4).rollout(qpos, qvel, actions)
    whole = fine.rollout(qpos, qvel, np.repeat(actions, 4, axis=1))
    assert path.qpos.shape == (6, 3, 7)
    np.testing.assert_array_equal(path.qpos[:, -1], whole.qpos[:, -1])
    tensors = FinerSteps(fine, coarse, 4).rollout(*(torch.from_numpy(x) for x in (qpos, qvel, actions)))
    np.testing.assert_array_equal(tensors.qvel.numpy(), path.qvel)


def test_of_another_robot_or_longer_steps_it_is_refused(fine):
    with pytest.raises(ValueError, match=r"moves the robot 'hopper@0\.005'; this environment needs 'cheetah'"):
        gym.make("MoSim/CheetahRun-v0", checkpoint=fine)
    slow = load_robot("cheetah@0.02")
    with pytest.raises(ValueError, match=r"moves the robot 'cheetah@0\.02'"):
        gym.make("MoSim/CheetahRun-v0", checkpoint=Simulator(MoSim(slow, preset("small")), {}))


def test_the_truth_takes_the_same_shorter_steps():
    coarse, short = TrueDynamics("hopper"), TrueDynamics("hopper@0.005")
    bank = coarse.robot.reset_banks["hop"]
    qpos, qvel = bank.qpos[:8].astype(float), bank.qvel[:8].astype(float)
    actions = np.random.default_rng(0).uniform(-1, 1, (8, 1, 4))
    whole = coarse.rollout(qpos, qvel, actions)
    parts = short.rollout(qpos, qvel, np.repeat(actions, 4, axis=1))
    np.testing.assert_allclose(parts.qpos[:, -1], whole.qpos[:, -1], atol=1e-12)
    assert short.timestep == 0.005


def test_names_with_a_step_that_does_not_exist():
    with pytest.raises(ValueError, match="not a whole number of hopper's physics steps"):
        load_robot("hopper@0.007")
    with pytest.raises(ValueError, match=r"'0\.0\.1' is not a time in seconds"):
        load_robot("hopper@0.0.1")
    assert load_robot("hopper@0.02") is load_robot("hopper@0.02")
    assert load_robot("hopper@0.02").name == "hopper"
    with pytest.raises(KeyError, match=r"Unknown checkpoint 'pendulum@0\.1'"):
        mosim_gym.load("pendulum@0.1")
