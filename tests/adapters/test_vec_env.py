"""The batched environment as Stable-Baselines3 wants it: its learners run unmodified and are told why episodes ended."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251
import warnings

import numpy as np
import pytest
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.vec_env import VecMonitor

from mosim_gym.adapters.vec_env import MoSimVecEnv
from mosim_gym.rl.learners.sb3_internals import actor_of
from mosim_gym.rl.strategies.judging import returns_in_model


def test_a_row_that_ends_says_what_it_last_saw_and_why():
    venv = VecMonitor(MoSimVecEnv("ReacherEasy", 3, max_episode_steps=4))
    venv.seed(5)
    first = venv.reset()
    assert (first.dtype, first.shape) == (np.float32, (3, 6))
    for _ in range(3):
        observation, reward, done, infos = venv.step(np.zeros((3, 2), np.float32))
        assert not done.any()
        assert infos == [{}, {}, {}]
    before = venv.venv.torch.state.qpos.clone()
    observation, reward, done, infos = venv.step(np.zeros((3, 2), np.float32))
    assert done.all()
    assert (reward.dtype, done.dtype) == (np.float32, np.bool_)
    for row, info in enumerate(infos):
        assert info["TimeLimit.truncated"] is True
        assert info["episode"]["l"] == 4
        assert np.abs(info["terminal_observation"][:2] - before[row].numpy()).max() < 0.5
        assert not np.array_equal(info["terminal_observation"], observation[row])
    venv.seed(5)
    np.testing.assert_array_equal(venv.reset(), first)


def test_stable_baselines3_learners_run_unmodified():
    for algorithm, options in ((PPO, {"n_steps": 8, "batch_size": 16}), (SAC, {"learning_starts": 10})):
        venv = VecMonitor(MoSimVecEnv("PendulumSwingup", 4, max_episode_steps=20))
        model = algorithm("MlpPolicy", venv, seed=0, device="cpu", **options).learn(200)
        assert model.ep_info_buffer
    assert returns_in_model("PendulumSwingup", actor_of(model, {}), episodes=2).shape == (1, 2)


def test_actions_are_held_and_rewards_averaged():
    once, held = (MoSimVecEnv("PendulumSwingup", 3, repeat=n) for n in (1, 4))
    for env in (once, held):
        env.seed(0)
        env.reset()
    action = np.full((3, 1), 0.7, np.float32)
    single = [once.step(action) for _ in range(4)]
    observation, reward, done, _ = held.step(action)
    np.testing.assert_array_equal(observation, single[-1][0])
    np.testing.assert_allclose(reward, np.mean([step[1] for step in single], axis=0), rtol=1e-6)
    assert not done.any()


def test_an_episode_that_ends_while_an_action_is_held():
    env = MoSimVecEnv("PendulumSwingup", 2, repeat=4, max_episode_steps=6)
    env.seed(0)
    env.reset()
    action = np.zeros((2, 1), np.float32)
    assert not env.step(action)[2].any()
    observation, _, done, infos = env.step(action)
    assert done.all()
    assert infos[0]["TimeLimit.truncated"]
    assert not np.allclose(infos[0]["terminal_observation"], observation[0])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_copies_of_sb3_environments_go_on_in_the_same_way(copied):
    env = MoSimVecEnv("ReacherEasy", 3, max_episode_steps=5)
    env.seed(0)
    env.reset()
    action = np.full((3, 2), 0.5, np.float32)
    env.step(action)
    twin = copied(env)
    for _ in range(8):
        for mine, theirs in zip(env.step(action)[:3], twin.step(action)[:3], strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(("outside_model", "bootstrap"), [("truncate", True), ("terminate", False)])
def test_where_the_model_was_left_learners_bootstrap_or_do_not(outside_model, bootstrap):
    env = MoSimVecEnv("PendulumSwingup", 2, outside_model=outside_model, max_episode_steps=2)
    env.torch.bounds.move({"qpos": [[None], [None]], "qvel": [[-1.0], [1.0]]})
    env.set_options([{"qpos": [0.0], "qvel": [0.0]}, {"qpos": [0.0], "qvel": [3.0]}])
    env.reset()
    action = np.zeros((2, 1), np.float32)
    _, _, done, infos = env.step(action)
    assert done.tolist() == [False, True]
    assert infos[1]["end"] == "outside the training box"
    assert infos[1]["TimeLimit.truncated"] is bootstrap
    *_, done, infos = env.step(action)
    assert done[0]
    assert infos[0]["TimeLimit.truncated"], "time is no end of the task's own"


def test_what_stable_baselines3_cannot_have_is_one_sentence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="autoreset: Stable-Baselines3 needs same_step"):
            MoSimVecEnv("PendulumSwingup", 2, autoreset="disabled")
        with pytest.raises(TypeError, match="bootstrap_outside is now outside_model='truncate'"):
            MoSimVecEnv("PendulumSwingup", 2, bootstrap_outside=False)
        with pytest.raises(KeyError, match=r"Unknown outside_model 'trunk'. Did you mean 'truncate'"):
            MoSimVecEnv("PendulumSwingup", 2, outside_model="trunk")


def test_a_batch_whose_episodes_begin_otherwise_is_refused():
    import gymnasium as gym

    envs = gym.make_vec("MoSim/PendulumSwingup-v0", num_envs=2)
    with pytest.raises(ValueError, match="needs one that was made with autoreset_mode='SameStep'"):
        MoSimVecEnv(envs.unwrapped.torch)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError, match=r"give a task's id, or the `torch` of a batch"):
        MoSimVecEnv(envs)  # pyright: ignore[reportArgumentType]
