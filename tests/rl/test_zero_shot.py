"""Policies trained inside the model: SB3 meets the batched environment, runs resume, files load, and the truth is never asked."""

from __future__ import annotations

import copy
import dataclasses
import pickle  # noqa: TID251
import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib import ARS, TRPO, CrossQ
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.vec_env import VecMonitor

import mosim_gym
from mosim_gym.cli import main
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.rl import judging, state
from mosim_gym.rl import zero_shot as module
from mosim_gym.rl.flat_settings import as_changes
from mosim_gym.rl.judging import returns_in_model
from mosim_gym.rl.policies import ActorPolicy, actor_of, check_policy, load_policy
from mosim_gym.rl.settings import ZeroShotConfig, config_for
from mosim_gym.rl.training_starts import training_starts
from mosim_gym.rl.vec_env import MoSimVecEnv
from mosim_gym.rl.zero_shot import zero_shot

QUICK = config_for(
    "PendulumSwingup", num_envs=4, updates=1, batch=32, width=16, warm_up=100, evaluate_every=400, buffer=5000
)


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
    assert returns_in_model("PendulumSwingup", actor_of(model, {})).shape == (1, judging.EVALUATION_EPISODES)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(module, "SLICE", 25)
    monkeypatch.setattr(judging, "EVALUATION_EPISODES", 2)


def test_training_and_choice_never_touch_the_truth(tmp_path, monkeypatch, short):
    from mosim_gym.truth import dynamics, real

    def forbidden(*_, **__):
        raise AssertionError("the truth was asked")

    for owner, name in (
        (dynamics.TrueDynamics, "__init__"),
        (dynamics.TrueDynamics, "step"),
        (real.RealEnv, "__init__"),
    ):
        monkeypatch.setattr(owner, name, forbidden)
    monkeypatch.setitem(__import__("sys").modules, "dm_control", None)
    monkeypatch.setitem(__import__("sys").modules, "mujoco", None)
    result = zero_shot("PendulumSwingup", QUICK, budget=600, folder=tmp_path, max_steps=800)
    assert [point["steps"] for point in result.curve] == [400, 800]
    assert result.record["best"] == max(point["lowest_member"] for point in result.curve)
    card = load_policy(tmp_path / "policy.safetensors").card
    assert (card["real_steps"], card["steps_in_model"], card["trained_in"]) == (0, 800, "the model")
    assert card["provenance"]["seeds"] == [card["config"]["seed"]]
    assert card["model"]["transitions"] > 0
    assert card["model"]["tuned_on_real_return"] is False


@pytest.mark.parametrize("algo", ["sac", pytest.param("tqc", marks=pytest.mark.slow)])
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch, short, algo):
    """Interrupted twice: at its end, and between two evaluations."""
    monkeypatch.setattr(state, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(state, "SAVING", np.inf)
    config = dataclasses.replace(QUICK, algo=algo, episode=150, wide=0.5, evaluate_every=400)
    whole = zero_shot("PendulumSwingup", config, budget=600, folder=tmp_path / "whole", max_steps=1200)
    zero_shot("PendulumSwingup", config, budget=600, folder=tmp_path / "broken", max_steps=400)
    np.random.default_rng(1)
    torch.manual_seed(99)

    def stop(progress):
        if progress["steps"] >= 600:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zero_shot("PendulumSwingup", config, budget=600, folder=tmp_path / "broken", max_steps=1200, report=stop)
    torch.manual_seed(98)
    again = zero_shot("PendulumSwingup", config, budget=600, folder=tmp_path / "broken", max_steps=1200)
    returns = [[point["return_in_model"] for point in result.curve] for result in (whole, again)]
    assert returns[0] == returns[1]
    observation = np.array([0.3, -0.8, 0.2], np.float32)
    np.testing.assert_array_equal(whole.policy.predict(observation)[0], again.policy.predict(observation)[0])
    with pytest.raises(FileFault, match=r"holds a run with another config \(.+ here .+\)"):
        zero_shot("PendulumSwingup", dataclasses.replace(config, seed=5), budget=1, folder=tmp_path / "broken")
    other = mosim_gym.load("pendulum")
    other.model.output_std.mul_(1.01)
    with pytest.raises(FileFault, match="holds a run with another model"):
        zero_shot("PendulumSwingup", config, budget=1, folder=tmp_path / "broken", checkpoint=other)


def test_sac_too_ends_at_a_return_in_the_model(tmp_path):
    config = dataclasses.replace(QUICK, evaluate_every=400)
    result = zero_shot("ReacherEasy", config, budget=600, folder=tmp_path, max_steps=20_000, stop_at=0.5)
    assert result.policy.card["ended_by"] == "return in the model"
    assert result.record["best"] >= 0.5
    assert result.curve[-1]["steps"] < 20_000


def test_training_in_the_truth_counts_every_real_step(tmp_path, short, capsys, drawn):
    options = "--checkpoint truth --budget 1s --episodes 1 --set num_envs=4 updates=1 batch=32 width=16 warm_up=100 evaluate_every=400"
    starts = ["wide=0.5", "promising=0.005", "--out", str(tmp_path)]
    main(["rl", "zero-shot", "PendulumSwingup", *options.split(), *starts])
    card = load_policy(tmp_path / "policy.safetensors").card
    last = card["curve"][-1]["steps"]
    assert card["real_steps"] == last + 100 * 20 * 20  # 100 promising starts, each the best of 20, watched for 20 steps
    assert card["real_steps_of_evaluations"] == len(card["curve"]) * 2 * 1000
    assert (card["steps_in_model"], card["trained_in"]) == (0, "MuJoCo itself")
    assert card["chosen_by"] == "return in MuJoCo itself"
    said = capsys.readouterr().out
    assert f"trained in the true simulator, MuJoCo itself: {card['real_steps']:,} real steps" in said
    assert "return in MuJoCo itself" in said


def test_training_starts_where_asked_and_evaluation_where_the_task_does():
    assert training_starts("PendulumSwingup") == "task"
    states = training_starts("ReacherHard", wide=0.25, seed=3)
    moving = np.abs(states["qvel"]).max(axis=1) > 0
    assert moving.mean() == pytest.approx(0.25, abs=0.01)
    assert len(np.unique(states["goal"][:, 0])) > 1000
    env = TorchEnv("ReacherHard", 400, reset_from=states)
    env.reset(seed=0)
    assert (env.state.qvel.abs().amax(1) > 0).float().mean() == pytest.approx(0.25, abs=0.08)
    with pytest.raises(ValueError, match=r"wide is 1.5; it is a share of the episodes, from 0 to 1"):
        training_starts("ReacherHard", wide=1.5)


def test_promising_starts_are_near_reward():
    states = training_starts("PendulumSwingup", wide=0.5, promising=0.1)
    upright = np.cos(states["qpos"][:, 0]) > 0.9
    kinds = (slice(0, 10_000), slice(10_000, 12_000), slice(12_000, None))
    spread, promising, own = (upright[rows].mean() for rows in kinds)
    assert promising > 0.7
    assert spread < 0.3
    assert own < 0.3
    with pytest.raises(ValueError, match="together they are at most all episodes"):
        training_starts("PendulumSwingup", wide=0.5, promising=0.6)


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


@pytest.mark.parametrize("bootstrap", [True, False])
def test_where_the_model_was_left_learners_bootstrap_or_do_not(bootstrap):
    env = MoSimVecEnv("PendulumSwingup", 2, bootstrap_outside=bootstrap, max_episode_steps=2)
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


def test_our_small_file_acts_as_the_trained_policy_does(tmp_path):
    model = SAC("MlpPolicy", gym.make(env_id("CheetahRun")), seed=0, device="cpu")
    path = actor_of(model, {"task": "CheetahRun"}).save(tmp_path / "policy.safetensors")
    small = mosim_gym.load_policy(path)
    observation = np.random.default_rng(0).normal(size=(20, 17)).astype(np.float32)
    np.testing.assert_allclose(
        small.predict(observation)[0], model.predict(observation, deterministic=True)[0], atol=1e-5
    )
    assert small.predict(observation[0])[0].shape == (6,)
    with pytest.raises(ValueError, match=r"shape \(3,\); this policy was trained on \(17,\)"):
        small.predict(np.zeros(3))


def test_policy_files_are_told_apart(tmp_path):
    env = gym.make(env_id("PendulumSwingup"))
    for algorithm in (SAC, PPO, CrossQ, ARS, TRPO):
        algorithm("MlpPolicy", env, device="cpu").save(tmp_path / "model.zip")
        loaded = load_policy(tmp_path / "model.zip", trusted=True)
        assert type(loaded) is algorithm
        check_policy(loaded, "PendulumSwingup")
        with pytest.raises(ValueError, match=r"The policy's observation_space is .* CheetahRun has"):
            check_policy(loaded, "CheetahRun")
    with pytest.raises(FileFault, match="There is no policy file at"):
        load_policy(tmp_path / "none.zip")
    (tmp_path / "odd.pt").write_bytes(b"\x80\x04nothing")
    with pytest.raises(FileFault, match="not a readable safetensors file"):
        load_policy(tmp_path / "odd.pt")
    bad = ActorPolicy([(np.full((1, 3), np.nan), np.zeros(1))], -np.ones(1), np.ones(1), {})
    with pytest.raises(FileFault, match="weights that are not finite"):
        load_policy(bad.save(tmp_path / "bad.safetensors"))
    for layers, said in (
        ([((4, 3), 4), ((1, 5), 1)], "its layers do not fit each other"),
        ([((4, 3), 4), ((2, 4), 2)], "its controls' range does not fit its last layer"),
    ):
        weights = [(np.zeros(shape), np.zeros(size)) for shape, size in layers]
        with pytest.raises(FileFault, match=said):
            load_policy(ActorPolicy(weights, -np.ones(1), np.ones(1), {}).save(tmp_path / "odd.safetensors"))
    DQN("MlpPolicy", "CartPole-v1").save(tmp_path / "dqn.zip")
    with pytest.raises(FileFault, match="holds another policy than those of TQC, SAC"):
        load_policy(tmp_path / "dqn.zip")


def test_unknown_choices_are_one_sentence(tmp_path):
    with pytest.raises(KeyError, match=r"Unknown algorithm 'sack'. Did you mean 'sac'"):
        zero_shot("PendulumSwingup", dataclasses.replace(QUICK, algo="sack"), budget=1, folder=tmp_path)
    with pytest.raises(KeyError, match=r"Unknown penalty 'dense'. Did you mean 'density'"):
        zero_shot("PendulumSwingup", dataclasses.replace(QUICK, penalty="dense"), budget=1, folder=tmp_path)
    with pytest.raises(KeyError, match=r"Unknown ends 'boxes'. Did you mean 'box'"):
        zero_shot("PendulumSwingup", dataclasses.replace(QUICK, ends="boxes"), budget=1, folder=tmp_path)
    for change, said in (
        ({"rate": float("inf")}, "rate is inf; it must be positive"),
        ({"entropy": "nan"}, "entropy is 'nan'"),
        ({"entropy": "-1"}, "entropy is '-1'"),
        ({"entropy": "auto_x"}, "entropy is 'auto_x'"),
        ({"reach": 2.5}, "reach is 2.5, but penalty is none; only a density reaches anywhere"),
        ({"ends": "edge", "penalty": "disagreement"}, "ends=edge with penalty=disagreement"),
        ({"repeat": 2000}, "repeat is 2000; an action cannot be held longer than an episode"),
    ):
        with pytest.raises(ValueError, match=said):
            zero_shot("PendulumSwingup", dataclasses.replace(QUICK, **change), budget=1, folder=tmp_path)
    with pytest.raises(ValueError, match="needs a checkpoint with at least two ensemble members"):
        zero_shot("PendulumSwingup", dataclasses.replace(QUICK, penalty="disagreement"), budget=1, folder=tmp_path)
    with pytest.raises(TypeError, match=r"updates is 1.5; it needs a whole number, such as 8"):
        zero_shot("PendulumSwingup", dataclasses.replace(QUICK, updates=1.5), budget=1, folder=str(tmp_path))
    with pytest.raises(KeyError, match="Unknown task"):
        config_for("PendulumSwingDown")
    with pytest.raises(KeyError, match=r"Unknown training option 'update'. Did you mean 'updates'"):
        config_for("PendulumSwingup", update=3)
    assert as_changes(["updates=16", "rate=3e-4", "algo=tqc"], ZeroShotConfig) == {
        "updates": 16,
        "rate": 3e-4,
        "algo": "tqc",
    }
    with pytest.raises(ValueError, match=r"'updates=many': updates needs a whole number, such as 8"):
        as_changes(["updates=many"], ZeroShotConfig)
    with pytest.raises(ValueError, match=r"'width' sets no training option: write name=value. Valid names: algo,"):
        as_changes(["width"], ZeroShotConfig)
    for change, sentence in (
        ({"updates": -3}, "updates is -3; it must be positive"),
        ({"buffer": 3}, "buffer is 3; it must hold 5 steps of all environments, and a batch"),
        ({"discount": 2.0}, "discount is 2.0; it must be above 0 and at most 1"),
        ({"entropy": "much"}, "entropy is 'much'; it is 'auto', 'auto_0.1' to begin with 0.1, or a number"),
        ({"seed": -1}, "seed is -1"),
    ):
        with pytest.raises(ValueError, match=sentence):
            zero_shot("PendulumSwingup", dataclasses.replace(QUICK, **change), budget=1, folder=tmp_path)
    with pytest.raises(ValueError, match="budget is -1 s"):
        zero_shot("PendulumSwingup", QUICK, budget=-1, folder=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="autoreset: Stable-Baselines3 needs same_step"):
            MoSimVecEnv("PendulumSwingup", 2, autoreset="disabled")
