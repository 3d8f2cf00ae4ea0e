"""Every task is dm_control's: observations, rewards, starts, steps, episodes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.evaluation.parity import (
    AT_THE_EDGES,
    States,
    episode_error,
    reading_errors,
    start_errors,
    state_families,
    step_error,
)
from mosim_gym.robots import load_task

TASKS = [task for task in mosim_gym.tasks() if load_task(task).in_dm_control]
FIRST = {load_task(task).robot.name: task for task in reversed(TASKS)}.values()  # one for each robot
EPISODES = [pytest.param(task, marks=() if task in FIRST else pytest.mark.slow) for task in TASKS]


@cache
def families_of(task):
    return state_families(task, n=250, seed=3)


@pytest.mark.parametrize("task", TASKS)
def test_observation_reward_and_step_equal_dm_control(task):
    families = families_of(task)
    assert sum(len(states.qpos) for states in families.values()) >= 500
    for name, states in families.items():
        exact = reading_errors(task, states, torch.float64)
        assert exact["observation"] < 1e-10, name
        assert exact["reward"] < 1e-10, name
        if name != AT_THE_EDGES:
            single = reading_errors(task, states, torch.float32)
            assert single["observation"] < 1e-5, name
            assert single["reward"] < 1e-5, name
            assert single["left_out"] <= len(states.qpos) // 20
    everything = States(*(np.concatenate(parts) for parts in zip(*families.values(), strict=True)))
    assert step_error(task, everything) < 1e-8


@pytest.mark.parametrize("task", TASKS)
def test_rewards_are_met_at_both_ends(task):
    """The states compared above are worth comparing in: among them the reward is low, and high."""
    from mosim_gym.truth.reference import ReferenceTask

    reference = ReferenceTask(task)
    reward = np.concatenate([reference.read(*s).reward for s in families_of(task).values()])
    assert reward.min() < 0.1
    assert reward.max() > 0.6


@pytest.mark.parametrize("task", TASKS)
def test_starts_are_distributed_as_dm_controls(task):
    errors = start_errors(task, n=2000, seed=5)
    assert errors["constant"] == 0
    assert errors["ks_p"] > 1e-3, errors
    assert errors["mean"] < 0.12, errors  # about four standard errors
    assert errors["std"] < 0.12, errors


@pytest.mark.parametrize("task", EPISODES)
def test_whole_episodes_give_dm_controls_return(task):
    result = episode_error(task, steps=1000, seed=7)
    assert result["difference"] < 1e-6
    assert result["final_state_difference"] < 1e-8
