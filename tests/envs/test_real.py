"""`make_real`: the true task with our spaces and episode rules."""

from __future__ import annotations

import numpy as np
import pytest

import mosim_gym
from mosim_gym.envs.real import RealEnv
from mosim_gym.robots import find_task

suite = pytest.importorskip("dm_control.suite")
pytest.importorskip("shimmy")  # registers dm_control/*
TASKS = [task for task in mosim_gym.tasks() if find_task(task)[1].in_dm_control]


@pytest.mark.parametrize("task", TASKS)
def test_an_episode_is_dm_controls_own(task, rng):
    _, kind = find_task(task)
    theirs = suite.load(kind.domain, kind.name, task_kwargs={"random": 11})
    ours = mosim_gym.make_real(task)
    observation, _ = ours.reset(seed=11)
    step = theirs.reset()
    for _ in range(30):
        expected = np.concatenate([np.ravel(part) for part in step.observation.values()])
        np.testing.assert_allclose(observation, expected, rtol=1e-6)
        assert observation.dtype == np.float32
        action = ours.action_space.sample()
        step = theirs.step(action)
        observation, reward, terminated, truncated, _ = ours.step(action)
        assert reward == step.reward
        assert type(reward) is float
        assert not terminated
        assert not truncated


def test_the_same_seed_gives_the_same_episode():
    env = mosim_gym.make_real("ReacherHard")
    first, _ = env.reset(seed=3)
    second, _ = env.reset()
    again, _ = env.reset(seed=3)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def test_the_time_limit_truncates_and_stepping_on_is_an_error():
    env = mosim_gym.make_real("PendulumSwingup", max_episode_steps=3)
    with pytest.raises(RuntimeError, match=r"call reset\(\) before step"):
        env.step(np.zeros(1, np.float32))
    env.reset(seed=0)
    flags = [env.step(np.zeros(1, np.float32))[2:4] for _ in range(3)]
    assert flags == [(False, False), (False, False), (False, True)]
    with pytest.raises(RuntimeError, match=r"call reset\(\) before step"):
        env.step(np.zeros(1, np.float32))


def test_default_episodes_last_a_thousand_steps():
    env = mosim_gym.make_real("PendulumSwingup")
    env.reset(seed=0)
    steps = 0
    while True:
        steps += 1
        _, _, terminated, truncated, _ = env.step(np.zeros(1, np.float32))
        if terminated or truncated:
            break
    assert (steps, terminated, truncated) == (1000, False, True)


def test_options_set_state_and_goal():
    env = mosim_gym.make_real("ReacherEasy")
    observation, info = env.reset(seed=0, options={"qpos": [0.0, 0.0], "goal": [0.1, -0.1]})
    np.testing.assert_allclose(observation, [0, 0, 0.1 - 0.24, -0.1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(info["goal"], [0.1, -0.1])
    with pytest.raises(ValueError, match=r"options\['qpos'\] has shape \(3,\); ReacherEasy needs \(2,\)"):
        env.reset(options={"qpos": [0, 0, 0]})
    with pytest.raises(KeyError, match=r"Unknown reset option 'state'.* Valid: qpos, qvel, goal, warm_start"):
        env.reset(options={"state": 1})


@pytest.mark.parametrize("task", TASKS)
def test_dict_observations_are_shimmys(task):
    import gymnasium as gym

    _, kind = find_task(task)
    theirs = gym.make(f"dm_control/{kind.domain}-{kind.name}-v0".replace("_sparse", "_sparse"))
    ours = mosim_gym.make_real(task, obs="dict")
    assert ours.observation_space == theirs.observation_space
    observation, _ = ours.reset(seed=0)
    assert ours.observation_space.contains(observation)
    assert list(observation) == list(theirs.observation_space.spaces)


def test_actions_that_are_not_actions_are_named():
    env = mosim_gym.make_real("CheetahRun")
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"The action has shape \(5,\); this environment needs \(6,\)"):
        env.step(np.zeros(5, np.float32))
    with pytest.raises(ValueError, match="not finite"):
        env.step(np.full(6, np.nan, np.float32))
    with pytest.raises(TypeError, match="dtype"):
        env.step(np.array(["a"] * 6))


def test_bad_arguments_are_named():
    with pytest.raises(KeyError, match="Did you mean 'CheetahRun'"):
        mosim_gym.make_real("cheetahrun")
    with pytest.raises(ValueError, match=r"Unknown render_mode 'human'. Valid: None, rgb_array"):
        mosim_gym.make_real("CheetahRun", render_mode="human")
    with pytest.raises(ValueError, match=r"Unknown obs 'pixels'. Valid: flat, dict"):
        mosim_gym.make_real("CheetahRun", obs="pixels")
    with pytest.raises(ValueError, match="at least 1"):
        mosim_gym.make_real("CheetahRun", max_episode_steps=0)


def test_an_unstable_state_truncates_as_in_the_learned_environment():
    env = mosim_gym.make_real("CheetahRun")
    env.reset(seed=0, options={"qpos": np.zeros(9), "qvel": np.full(9, 1e11)})
    observation, reward, terminated, truncated, info = env.step(np.zeros(6, np.float32))
    assert np.isfinite(observation).all()
    assert (reward, terminated, truncated, info["end"]) == (0.0, False, True, "diverged")
    with pytest.raises(RuntimeError, match=r"call reset\(\) before step"):
        env.step(np.zeros(6, np.float32))


def test_a_task_that_dm_control_does_not_have_is_played_in_mujoco():
    env = mosim_gym.make_real("PandaReach", max_episode_steps=2)
    observation, info = env.reset(seed=0)
    again, _ = env.reset(seed=0)
    np.testing.assert_array_equal(observation, again)
    assert env.observation_space.contains(observation)
    assert set(info) >= {"qpos", "qvel", "goal"}
    ends = [env.step(env.action_space.sample())[2:4] for _ in range(2)]
    assert ends == [(False, False), (False, True)]
    with pytest.raises(
        ValueError, match=r"PandaReach is not a dm_control task; its truth is make_real\('PandaReach'\)"
    ):
        RealEnv("PandaReach")
