"""Where episodes of training begin: in the task's own starts, spread over all that the robot can do, or near reward."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.rl.strategies.training_starts import steps_of_glances, training_starts
from mosim_gym.zoo.names import load


def test_starts_are_where_it_is_asked_for():
    assert training_starts("PendulumSwingup", load("pendulum")) == "task"
    states = training_starts("ReacherHard", load("reacher"), spread=0.25, seed=3)
    moving = np.abs(states["qvel"]).max(axis=1) > 0
    assert moving.mean() == pytest.approx(0.25, abs=0.01)
    assert len(np.unique(states["goal"][:, 0])) > 1000
    env = TorchEnv("ReacherHard", 400, reset_from=states)
    env.reset(seed=0)
    assert (env.state.qvel.abs().amax(1) > 0).float().mean() == pytest.approx(0.25, abs=0.08)


def test_starts_near_reward_are_the_best_of_many():
    states = training_starts("PendulumSwingup", load("pendulum"), spread=0.5, near_reward=0.1)
    upright = np.cos(states["qpos"][:, 0]) > 0.9
    kinds = (slice(0, 10_000), slice(10_000, 12_000), slice(12_000, None))
    spread, near, own = (upright[rows].mean() for rows in kinds)
    assert near > 0.7
    assert spread < 0.3
    assert own < 0.3
    assert steps_of_glances(0.1) == 2_000 * 20 * 20  # each is the best of 20, watched for 20 steps


@pytest.mark.parametrize(("spread", "near_reward"), [(0.5, 0.6), (1.5, 0.0)])
def test_shares_that_are_more_than_all_episodes_are_refused(spread, near_reward):
    with pytest.raises(ValueError, match=rf"are {spread} and {near_reward}; their sum must be at most 1"):
        training_starts("PendulumSwingup", load("pendulum"), spread=spread, near_reward=near_reward)
