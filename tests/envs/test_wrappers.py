"""Gymnasium's own wrappers around a learned environment."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import FrameStackObservation, RecordEpisodeStatistics, RecordVideo
from gymnasium.wrappers.vector import RecordEpisodeStatistics as RecordVectorStatistics

from mosim_gym.envs.registration import env_id


def test_an_episode_is_filmed_and_counted(tmp_path):
    env = gym.make(env_id("PendulumSwingup"), render_mode="rgb_array", max_episode_steps=6, width=64, height=48)
    env = RecordEpisodeStatistics(RecordVideo(env, str(tmp_path), episode_trigger=lambda _: True))
    env.reset(seed=0)
    for _ in range(6):
        *_, truncated, info = env.step(env.action_space.sample())
    env.close()
    assert truncated
    assert info["episode"]["l"] == 6
    (video,) = tmp_path.glob("*.mp4")
    assert video.stat().st_size > 500


def test_frames_can_be_stacked():
    env = FrameStackObservation(gym.make(env_id("CheetahRun")), 4)
    observation, _ = env.reset(seed=0)
    assert observation.shape == (4, 17)
    after, *_ = env.step(env.action_space.sample())
    np.testing.assert_array_equal(after[:3], observation[1:])


@pytest.mark.parametrize("num_envs", [1, 5])
def test_statistics_of_a_batch(num_envs):
    env = RecordVectorStatistics(gym.make_vec(env_id("CartpoleSwingup"), num_envs=num_envs, max_episode_steps=4))
    env.reset(seed=0)
    for _ in range(4):
        info = env.step(env.action_space.sample())[-1]
    assert (info["episode"]["l"] == 4).all()
