"""Replayed steps are the computed ones, what cannot be replayed is computed, and recordings leave no memory behind."""

from __future__ import annotations

import gc
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch

from mosim_gym.envs.recorded import PROOFS, RecordedStep
from mosim_gym.envs.registration import env_id


def _episode(env, steps=40):
    observation, _ = env.reset(seed=3)
    env.action_space.seed(3)
    path = [observation]
    for _ in range(steps):
        observation, reward, *_ = env.step(env.action_space.sample())
        path.append(np.append(observation, reward))
    return np.concatenate(path)


@pytest.mark.parametrize("task", ["CheetahRun", "AcrobotSwingup", "ReacherHard", "CartpoleSwingup", "PendulumSwingup"])
def test_a_replayed_episode_is_the_computed_one_to_the_last_bit(task):
    env = gym.make(env_id(task))
    first = _episode(env)
    assert env.unwrapped.advance.replays[1].proofs == PROOFS  # the recording is in use
    np.testing.assert_array_equal(_episode(env), first)
    computed = gym.make(env_id(task))
    inner = computed.unwrapped
    inner.advance = RecordedStep(inner.core, inner.dynamics, inner.bounds, 1, record=False)
    np.testing.assert_array_equal(_episode(computed), first)


def test_a_reward_that_looks_at_numbers_is_computed_every_time():
    env = gym.make(env_id("PendulumSwingup")).unwrapped
    task = type(env.task)

    class Branching(task):
        """A third party's task may be written with Python's `if`."""

        def reward(self, features, action, goal, sensors):
            return super().reward(features, action, goal, sensors) if float(action[0, 0]) > 0 else torch.zeros(1)

    env.core.task = Branching(env.task.robot)
    env.reset(seed=0, options={"qpos": [0.0], "qvel": [0.0]})
    rewards = [env.step(np.array([push], np.float32))[1] for push in (0.5, -0.5, 0.5, -0.5, 0.5)]
    assert [reward > 0 for reward in rewards] == [True, False, True, False, True]


def test_adaptive_solvers_are_never_recorded():
    env = gym.make(env_id("PendulumSwingup"), solver="dopri5").unwrapped
    env.reset(seed=0)
    env.step(env.action_space.sample())
    assert env.advance.replays[1].proofs is None


STATM = Path("/proc/self/statm")


def _megabytes() -> float:
    gc.collect()
    return int(STATM.read_text().split()[1]) * 4096 / 2**20


@pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("rows", [1, 8])
def test_thirty_environments_leave_less_than_three_megabytes(rows):
    def live():
        env = (
            gym.make_vec(env_id("PendulumSwingup"), num_envs=rows) if rows > 1 else gym.make(env_id("PendulumSwingup"))
        )
        env.reset(seed=0)
        for _ in range(6):
            env.step(env.action_space.sample())
        env.close()

    for _ in range(4):
        live()
    before = _megabytes()
    for _ in range(30):
        live()
    assert _megabytes() - before < 3
