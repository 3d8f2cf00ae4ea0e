"""Bounds: episodes end where a model has left its data, unless bounds are open."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import torch
from tests.envs.broken import Broken
from tests.envs.walking import walk

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.registration import env_id


def _vec(task, num_envs=4, **options):
    return gym.make_vec(env_id(task), num_envs=num_envs, **options)


def test_leaving_the_training_box_ends_an_episode_and_says_so_unless_bounds_are_open():
    box = {"qpos": [[None], [None]], "qvel": [[-1.0], [1.0]]}
    env = _vec("PendulumSwingup", 2, checkpoint=Broken({"box": box}))
    env.reset(seed=0, options={"qpos": [0.0], "qvel": [[1.1], [1.3]]})
    *_, truncated, info = env.step(np.zeros((2, 1), np.float32))
    assert truncated.tolist() == [False, True]
    assert list(info["end"]) == [None, "outside the training box"]
    unbound = _vec("PendulumSwingup", 2, checkpoint=Broken({"box": box}))
    unbound.torch.bounds.open()
    unbound.reset(seed=0, options={"qpos": [0.0], "qvel": [[1.1], [1.3]]})
    *_, truncated, _ = unbound.step(np.zeros((2, 1), np.float32))
    assert not truncated.any()
    single = gym.make(env_id("PendulumSwingup"), checkpoint=Broken({"box": box}))
    single.reset(options={"qpos": [0.0], "qvel": [1.3]})
    *_, truncated, info = single.step(np.zeros(1, np.float32))
    assert (truncated, info["end"]) == (True, "outside the training box")


def test_bounds_that_are_opened_after_the_first_steps_are_open():
    env = TorchEnv("PendulumSwingup", 64)
    walk(env)
    env.bounds.move({"qpos": [[9.0], [10.0]], "qvel": [[9.0], [10.0]]})
    assert bool(env.step(torch.zeros(64, 1)).truncated.all())
    env.bounds.open()
    assert not bool(env.step(torch.zeros(64, 1)).truncated.any())
