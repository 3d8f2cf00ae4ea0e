"""`gym.make_vec("MoSim/<Task>-v0")`: one batched environment, as users and their libraries meet it."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251
import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.wrappers.vector import NormalizeObservation, RecordEpisodeStatistics
from tests.envs.broken import Broken

import mosim_gym
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.registration import env_id
from mosim_gym.robots import find_task
from mosim_gym.zoo import packaged
from mosim_gym.zoo.names import load

TASKS = [task for task in mosim_gym.tasks() if find_task(task)[0].name in packaged()]


def _vec(task, num_envs=4, **options):
    return gym.make_vec(env_id(task), num_envs=num_envs, **options)


@pytest.mark.parametrize("task", TASKS)
def test_make_vec_gives_the_batched_environment_with_gymnasiums_spaces(task):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = _vec(task)
    single = gym.make(env_id(task))
    assert isinstance(env, VectorEnv)
    assert type(env).__name__ == "MoSimVectorEnv"
    assert env.single_observation_space == single.observation_space
    assert env.single_action_space == single.action_space
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    assert env.observation_space.contains(observation)
    assert (reward.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)
    assert info["qpos"].shape == (4, env.torch.task.robot.nq)
    assert info["_qpos"].all()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("checkpoint", [None, "truth"])
def test_a_row_moves_as_the_single_environment_does(task, checkpoint):
    env = _vec(task, 5, checkpoint=checkpoint)
    _, info = env.reset(seed=3)
    actions = env.action_space.sample()
    observation, reward, *_ = env.step(actions)
    single = gym.make(env_id(task), checkpoint=checkpoint, ensemble=None if checkpoint else [0])
    row = 0
    single.reset(options={name: info[name][row] for name in ("qpos", "qvel", "goal")})
    alone, alone_reward, *_ = single.step(actions[row])
    np.testing.assert_allclose(observation[row], alone, atol=1e-5, rtol=1e-5)
    assert reward[row] == pytest.approx(alone_reward, abs=1e-5)


def test_one_seed_for_each_gives_each_the_episodes_of_a_single_environment():
    env, single = _vec("ReacherHard", 3), gym.make(env_id("ReacherHard"))
    observation, _ = env.reset(seed=[5, 7, 11])
    for row, seed in enumerate((5, 7, 11)):
        np.testing.assert_allclose(observation[row], single.reset(seed=seed)[0], atol=1e-6)
    np.testing.assert_array_equal(env.reset(seed=np.array([5, 7, 11]))[0], observation)
    with pytest.raises(ValueError, match="2 seeds for 3 environments"):
        env.reset(seed=[1, 2])


def test_the_same_seed_gives_the_same_episodes_to_the_last_bit_whatever_the_global_generators():
    def play(noise):
        torch.manual_seed(noise)
        np.random.default_rng(noise)
        env = _vec("CheetahRun", 6, max_episode_steps=4, stagger=True)
        seen = [env.reset(seed=9)[0]]
        for _ in range(9):
            torch.rand(noise)
            seen.append(env.step(np.full((6, 6), 0.3, np.float32))[0])
        return np.array(seen)

    np.testing.assert_array_equal(play(1), play(5))


def _reference(mode, steps):
    """What Gymnasium's own vector of single environments does."""
    envs = [lambda: gym.make(env_id("ReacherEasy"), max_episode_steps=3)] * 2
    env = gym.vector.SyncVectorEnv(envs, autoreset_mode=mode)
    env.reset(seed=[1, 2])
    return [env.step(np.full((2, 2), 0.1, np.float32)) for _ in range(steps)]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_autoreset_is_gymnasiums(mode):
    env = _vec("ReacherEasy", 2, max_episode_steps=3, autoreset_mode=mode)
    assert env.metadata["autoreset_mode"] is mode
    env.reset(seed=[1, 2])
    for wanted in _reference(mode, 8):
        observation, reward, terminated, truncated, info = env.step(np.full((2, 2), 0.1, np.float32))
        np.testing.assert_allclose(observation, wanted[0], atol=1e-5)
        np.testing.assert_allclose(reward, wanted[1], atol=1e-5)
        np.testing.assert_array_equal(terminated, wanted[2])
        np.testing.assert_array_equal(truncated, wanted[3])
        assert ("final_obs" in info) == ("final_obs" in wanted[4])
        if "final_obs" in info:
            np.testing.assert_array_equal(info["_final_obs"], wanted[4]["_final_obs"])
            np.testing.assert_allclose(np.stack(info["final_obs"]), np.stack(wanted[4]["final_obs"]), atol=1e-5)
            np.testing.assert_allclose(info["final_info"]["qpos"], wanted[4]["final_info"]["qpos"], atol=1e-5)
            assert list(info["final_info"]["end"]) == ["time limit"] * 2


def test_without_autoreset_masks_say_who_begins_anew():
    env = _vec("PendulumSwingup", 3, max_episode_steps=2, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    action = np.zeros((3, 1), np.float32)
    env.step(action)
    *_, truncated, info = env.step(action)
    assert truncated.all()
    with pytest.raises(RuntimeError, match="Some episodes are over: reset them with a mask"):
        env.step(action)
    before, options = info["qpos"], {"reset_mask": np.array([True, False, True])}
    _, info = env.reset(options=options)
    assert list(options) == ["reset_mask"]
    assert (info["qpos"][1] == before[1]).all()
    assert (info["qpos"][[0, 2]] != before[[0, 2]]).all()
    env.reset(options={"reset_mask": np.array([False, True, False])})
    env.step(action)
    for wrong in (np.zeros(3, bool), np.ones(2, bool), np.ones(3)):
        with pytest.raises(ValueError, match="reset_mask"):
            env.reset(options={"reset_mask": wrong})


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_states_that_are_no_numbers_never_reach_the_learner(mode):
    dynamics = Broken()
    env = _vec("PendulumSwingup", 3, checkpoint=dynamics, autoreset_mode=mode)
    env.reset(seed=0)
    dynamics.rows = [1]
    observation, reward, terminated, truncated, info = env.step(np.zeros((3, 1), np.float32))
    assert np.isfinite(observation).all()
    assert np.isfinite(reward).all()
    assert truncated.tolist() == [False, True, False]
    assert not terminated.any()
    end = info["final_info"]["end"] if mode == AutoresetMode.SAME_STEP else info["end"]
    assert list(end) == [None, "diverged", None]
    if mode == AutoresetMode.SAME_STEP:
        assert np.isfinite(info["final_obs"][1]).all()


def test_a_model_never_predicts_an_infinite_reading():
    model = load("hopper").model
    model.output_std[-2:] = 1e6
    env = TorchEnv("HopperHop", 8, checkpoint=Simulator(model, {"name": "hopper"}), gradients=True)
    env.reset(seed=0)
    action = torch.zeros(8, 4, requires_grad=True)
    step = env.step(action)
    assert env.state.sensors.max() > 1e8
    assert bool(step.observation.isfinite().all())
    gradient = torch.autograd.grad(step.observation.sum() + step.reward.sum(), action)[0]
    assert bool(gradient.isfinite().all())


@pytest.mark.parametrize("task", ["ReacherEasy", "CartpoleSwingup"])
def test_dict_observations_are_the_single_environments(task):
    env, single = _vec(task, 2, obs="dict"), gym.make(env_id(task), obs="dict")
    observation, info = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    alone, _ = single.reset(options={name: info[name][1] for name in ("qpos", "qvel", "goal")})
    assert list(observation) == list(alone)
    for name, value in alone.items():
        np.testing.assert_allclose(observation[name][1], value, atol=1e-6)


def test_wrong_actions_are_refused_in_one_sentence():
    env = _vec("CheetahRun", 2)
    with pytest.raises(RuntimeError, match=r"call reset\(\) first"):
        env.step(np.zeros((2, 6), np.float32))
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"shape \(6,\); these environments need \(2, 6\)"):
        env.step(np.zeros(6, np.float32))
    bad = np.zeros((2, 6), np.float32)
    bad[1, 2] = np.nan
    with pytest.raises(ValueError, match="The action of environment 1"):
        env.step(bad)
    with pytest.raises(TypeError, match="dtype"):
        env.step(np.full((2, 6), "a"))
    with pytest.raises(ValueError, match="num_envs is 0"):
        _vec("CheetahRun", 0)
    with pytest.raises(ValueError, match="precision: only learned checkpoints"):
        _vec("CheetahRun", 2, checkpoint="truth", precision="fast")


def test_gymnasiums_vector_wrappers_work():
    env = NormalizeObservation(RecordEpisodeStatistics(_vec("PendulumSwingup", 3, max_episode_steps=5)))
    env.reset(seed=0)
    lengths = []
    for _ in range(6):
        *_, info = env.step(np.zeros((3, 1), np.float32))
        lengths += list(info["episode"]["l"][info["_episode"]]) if "episode" in info else []
    assert lengths == [5, 5, 5]


def test_pictures_of_all_environments():
    env = _vec("PendulumSwingup", 2, render_mode="rgb_array", width=64, height=48)
    env.reset(seed=0)
    frames = env.render()
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 2
    env.close()


def _copies(env):
    return copy.deepcopy(env), pickle.loads(pickle.dumps(env))


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("checkpoint", [None, "truth", "hopper@0.005"])
def test_a_copy_goes_on_as_the_first_would(checkpoint, mode):
    task = "HopperHop" if checkpoint == "hopper@0.005" else "CheetahRun"
    env = _vec(task, 3, checkpoint=checkpoint, max_episode_steps=9, stagger=True, autoreset_mode=mode)
    env.reset(seed=2)
    env.action_space.seed(2)
    for _ in range(6):
        env.step(env.action_space.sample())
    twins = _copies(env)
    for _ in range(12):
        action = env.action_space.sample()
        wanted = env.step(action)
        for twin in twins:
            for mine, theirs in zip(wanted[:4], twin.step(action)[:4], strict=True):
                np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_the_autoreset_mode_is_an_attribute_of_the_batch(mode):
    assert gym.make_vec(env_id("PendulumSwingup"), num_envs=2, autoreset_mode=mode).autoreset_mode is mode


@pytest.mark.parametrize("num_envs", [1, 5])
def test_statistics_of_a_batch(num_envs):
    env = RecordEpisodeStatistics(gym.make_vec(env_id("CartpoleSwingup"), num_envs=num_envs, max_episode_steps=4))
    env.reset(seed=0)
    for _ in range(4):
        info = env.step(env.action_space.sample())[-1]
    assert (info["episode"]["l"] == 4).all()


@pytest.mark.slow
def test_the_gymnasium_wrapper_of_skrl_has_the_same_episodes():
    pytest.importorskip("skrl", reason="skrl is not installed")
    from skrl.envs.wrappers.torch import wrap_env

    plain = _vec("CartpoleSwingup", 4, max_episode_steps=3)
    env = wrap_env(_vec("CartpoleSwingup", 4, max_episode_steps=3), wrapper="gymnasium")
    observation, _ = env.reset()
    env.unwrapped.reset(seed=0)
    plain.reset(seed=0)
    assert (env.num_envs, observation.shape) == (4, (4, 5))
    for _ in range(5):  # through the end of episodes
        found = env.step(torch.full((4, 1), 0.5))
        expected = plain.step(np.full((4, 1), 0.5, np.float32))
        np.testing.assert_array_equal(found[0].numpy(), expected[0])
        for mine, theirs in zip(found[1:4], expected[1:4], strict=True):
            np.testing.assert_allclose(mine.numpy()[:, 0], theirs, rtol=1e-6)
