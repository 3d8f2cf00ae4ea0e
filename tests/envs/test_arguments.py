"""What people hand to environments by mistake has one clear sentence, and what they may reasonably hand over works."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

from mosim_gym.envs.batch import TorchEnv

ID = "MoSim/PendulumSwingup-v0"


@pytest.mark.parametrize("ensemble", ["a", [0, "x"], 1.5, [], [9]])
def test_members_that_are_not_there(ensemble):
    with pytest.raises(ValueError, match="this checkpoint has 3 members: give how many to use, or which"):
        gym.make("MoSim/CheetahRun-v0", ensemble=ensemble)


@pytest.mark.parametrize("count", [2.5, "3", 0])
def test_numbers_of_environments_that_cannot_be(count):
    with pytest.raises(ValueError, match="must be a whole number, at least 1"):
        gym.make_vec(ID, num_envs=count)


def test_states_to_start_from_as_one_array():
    states = np.array([[0.3, 1.0], [-0.4, 0.0]])
    env = TorchEnv("PendulumSwingup", 20, reset_from=states)
    env.reset(seed=0)
    found = torch.cat((env.state.qpos, env.state.qvel), dim=1).numpy()
    assert {tuple(row) for row in found.round(4).tolist()} == {
        tuple(row) for row in states.astype(np.float32).round(4).tolist()
    }
    with pytest.raises(ValueError, match=r"has shape \(2, 3\); PendulumSwingup needs \(N, 2\)"):
        TorchEnv("PendulumSwingup", 2, reset_from=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="holds no states"):
        TorchEnv("PendulumSwingup", 2, reset_from=(np.zeros((0, 1)), np.zeros((0, 1))))


def test_what_reset_says_can_be_given_back_to_it():
    env = gym.make_vec(ID, num_envs=3)
    _, info = env.reset(seed=0)
    again = gym.make_vec(ID, num_envs=3)
    _, repeated = again.reset(seed=1, options=info)
    np.testing.assert_array_equal(repeated["qpos"], info["qpos"])


def test_actions_as_numpy_are_taken_by_the_torch_surface():
    steps = []
    for action in (np.full((2, 1), 0.5, np.float32), torch.full((2, 1), 0.5)):
        env = TorchEnv("PendulumSwingup", 2)
        env.reset(seed=0)
        steps.append(env.step(action).observation)
    torch.testing.assert_close(*steps)
