"""Starts of episodes: given states."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from mosim_gym.data.dataset import collect_dataset
from mosim_gym.envs.registration import env_id


def _vec(task, num_envs=4, **options):
    return gym.make_vec(env_id(task), num_envs=num_envs, **options)


def test_states_can_be_given_at_reset_and_for_all_resets(tmp_path):
    env = _vec("ReacherEasy", 3, max_episode_steps=2, reset_from=(np.full((1, 2), 0.2), np.full((1, 2), 0.1)))
    _, info = env.reset(seed=0)
    assert (info["qpos"] == np.float32(0.2)).all()
    assert (info["qvel"] == np.float32(0.1)).all()
    _, info = env.reset(options={"qpos": [0.3, 0.4], "goal": [0.1, 0.0]})
    np.testing.assert_allclose(info["qpos"], [[0.3, 0.4]] * 3)
    np.testing.assert_allclose(info["goal"], [[0.1, 0.0]] * 3)
    collect_dataset("reacher", tmp_path, segments=5)
    states = mosim_gym_states(tmp_path)
    for source in (str(tmp_path), tmp_path):
        for made in (_vec("ReacherEasy", 3, reset_from=source), gym.make(env_id("ReacherEasy"), reset_from=source)):
            _, info = made.reset(seed=0)
            for row in np.atleast_2d(info["qpos"]):
                assert np.abs(states - row).max(1).min() < 1e-6
    for wrong, text in (
        ((np.zeros((2, 3)), np.zeros((2, 3))), r"shape \(2, 3\)"),
        ("somewhere", "Unknown reset_from 'somewhere'"),
        (3, "reset_from is a int"),
        ({"qvel": np.zeros((1, 2))}, "reset_from holds no qpos"),
        ({"qpos": None}, "reset_from holds no qpos"),
        ((np.full((1, 2), np.nan), np.zeros((1, 2))), "not finite"),
    ):
        with pytest.raises((ValueError, KeyError, TypeError), match=text):
            _vec("ReacherEasy", 3, reset_from=wrong)
    with pytest.raises(ValueError, match="holds the motion of 'reacher'"):
        _vec("PendulumSwingup", 3, reset_from=tmp_path)


def mosim_gym_states(folder):
    from mosim_gym.data.dataset import open_dataset

    return open_dataset(folder).states()[0]
