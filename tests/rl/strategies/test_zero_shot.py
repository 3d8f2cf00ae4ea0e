"""Zero-shot training: the truth is never asked, interruptions change nothing, and what cannot be run is said first."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.cli import main
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.rl.learners.shac import ShacConfig
from mosim_gym.rl.strategies.base import STRATEGIES
from mosim_gym.rl.strategies.judging import returns_in_model
from mosim_gym.rl.strategies.zero_shot import ZeroShotConfig, config_for, zero_shot

TASK = "PendulumSwingup"
LOOP = {"num_envs": 4, "evaluate_every": 400, "evaluation_episodes": 2}
LEARNERS: dict[str, dict[str, Any]] = {
    "sac": {"updates": 1, "batch": 32, "width": 16, "warm_up": 100, "buffer": 5000},
    "shac": {"width": 16, "horizon": 8},
}
LEARNERS["tqc"] = LEARNERS["sac"]


def quick(algo: str, **changes: Any) -> ZeroShotConfig:
    return config_for(TASK, algo, **{**LOOP, **LEARNERS[algo], **changes})


QUICK = quick("sac")


def test_training_and_choice_never_touch_the_truth(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dm_control", None)  # from now on importing a simulator fails
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(ImportError):
        returns_in_model(TASK, None, checkpoint="truth")
    result = zero_shot(TASK, QUICK, budget=600, folder=tmp_path, max_steps=800)
    assert [point["steps"] for point in result.curve] == [400, 800]
    assert result.record.best == max(point["lowest_member"] for point in result.curve)
    card = load_policy(tmp_path / "policy.safetensors").card
    assert (card["real_steps"], card["steps_in_model"], card["trained_in"]) == (0, 800, "the model")
    assert card["provenance"]["seeds"] == [card["config"]["seed"]]
    assert card["model"]["transitions"] > 0
    assert card["model"]["tuned_on_real_return"] is False


@pytest.mark.parametrize("algo", ["sac", "shac", pytest.param("tqc", marks=pytest.mark.slow)])
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(tmp_path, algo):
    """Interrupted twice: after an evaluation, and between two evaluations; learning rates follow the steps that are to come."""
    config = quick(algo, episode=150, spread_starts=0.5)
    limits: dict[str, Any] = {"budget": 1e12, "max_steps": 1200, "save_every": 0.0}
    whole = zero_shot(TASK, config, folder=tmp_path / "whole", **limits)
    for limit in (400, 600):

        def stop(progress, limit=limit):
            if progress["steps"] >= limit:
                raise KeyboardInterrupt

        np.random.default_rng(1)
        torch.manual_seed(99)
        with pytest.raises(KeyboardInterrupt):
            zero_shot(TASK, config, folder=tmp_path / "broken", report=stop, **limits)
    torch.manual_seed(98)
    again = zero_shot(TASK, config, folder=tmp_path / "broken", **limits)
    curves = [
        [{name: value for name, value in point.items() if name != "seconds"} for point in result.curve]
        for result in (whole, again)
    ]
    assert curves[0] == curves[1]
    assert len(curves[0]) == 3
    observation = np.array([0.3, -0.8, 0.2], np.float32)
    np.testing.assert_array_equal(whole.policy.predict(observation)[0], again.policy.predict(observation)[0])


def test_a_folder_belongs_to_one_run(tmp_path):
    config = quick("shac")
    zero_shot(TASK, config, budget=600, max_steps=100, folder=tmp_path)
    for other, said in (
        (dataclasses.replace(config, seed=5), r"another config \(seed 0, here 5\)"),
        (quick("shac", width=8), r"another config \(width 16, here 8\)"),
        (QUICK, r"another config \(.*algo shac, here sac"),
    ):
        with pytest.raises(FileFault, match=f"holds a run with {said}"):
            zero_shot(TASK, other, budget=1, folder=tmp_path)
    model = mosim_gym.load("pendulum")
    model.model.output_std.mul_(1.01)
    with pytest.raises(FileFault, match="holds a run with another model"):
        zero_shot(TASK, config, budget=1, folder=tmp_path, checkpoint=model)
    with pytest.raises(FileFault, match=r"holds a run with another task \(PendulumSwingup, here ReacherEasy\)"):
        zero_shot("ReacherEasy", config, budget=1, folder=tmp_path)


def test_it_ends_at_a_return_in_the_model(tmp_path):
    result = zero_shot("ReacherEasy", QUICK, budget=600, folder=tmp_path, max_steps=20_000, stop_at=0.5)
    assert result.policy.card["ended_by"] == "return in the model"
    assert result.record.best is not None
    assert result.record.best >= 0.5
    assert result.curve[-1]["steps"] < 20_000


@pytest.mark.parametrize("algo", ["sac", "shac"])
def test_a_penalty_is_for_every_learner_and_evaluations_know_nothing_of_it(tmp_path, algo):
    """Returns of evaluations are the task's own, which are not negative; so are all settings of penalties open to every learner."""
    config = config_for(
        "CheetahRun",
        algo,
        **{**LOOP, **LEARNERS[algo]},
        penalty="density",
        threshold_scale=0.5,
        outside_model="continue",
    )
    result = zero_shot("CheetahRun", config, budget=600, max_steps=400, folder=tmp_path, checkpoint="cheetah:narrow")
    assert result.curve[-1]["return_in_model"] >= 0
    assert result.policy.card["config"]["penalty"] == "density"


def test_training_in_the_truth_counts_every_real_step(tmp_path, capsys, drawn):
    options = ["--checkpoint", "truth", "--algo", "sac", "--budget", "1s", "--episodes", "1", "--out", str(tmp_path)]
    settings = {**LOOP, **LEARNERS["sac"], "spread_starts": 0.5, "near_reward_starts": 0.005}
    main(["rl", "zero-shot", TASK, *options, "--set", *(f"{name}={value}" for name, value in settings.items())])
    card = load_policy(tmp_path / "policy.safetensors").card
    last = card["curve"][-1]["steps"]
    assert (
        card["real_steps"] == last + 100 * 20 * 20
    )  # 100 starts near reward, each the best of 20, watched for 20 steps
    assert card["real_steps_of_evaluations"] == len(card["curve"]) * 2 * 1000
    assert (card["steps_in_model"], card["trained_in"]) == (0, "MuJoCo itself")
    assert card["chosen_by"] == "return in MuJoCo itself"
    said = capsys.readouterr().out
    assert f"trained in the true simulator, MuJoCo itself: {card['real_steps']:,} real steps" in said
    assert "return in MuJoCo itself" in said


@pytest.mark.slow
def test_another_learner_from_the_command_line(tmp_path, capsys, drawn):
    settings = ["num_envs=8", "horizon=4", "evaluate_every=500", "evaluation_episodes=2"]
    options = ["--algo", "shac", "--budget", "1s", "--episodes", "1", "--out", str(tmp_path)]
    main(["rl", "zero-shot", TASK, *options, "--set", *settings])
    assert "real return" in capsys.readouterr().out
    policy = json.loads((tmp_path / "result.json").read_text())["policy"]
    assert policy["config"]["learner"]["algo"] == "shac"
    assert policy["config"]["learner"]["horizon"] == 4
    assert load_policy(tmp_path / "policy.safetensors").card["algorithm"] == "shac"
    assert list((tmp_path / "tensorboard").glob("events.*"))


def test_the_model_may_be_multiplied_more_coarsely_in_training_than_in_evaluations(tmp_path):
    """Through the registry, as the command line does."""
    strategy = STRATEGIES.find("zero-shot")()
    config, seen = quick("sac", precision="fast"), []
    learned = strategy.learn(TASK, config, strategy.options(budget="1s"), tmp_path, seen.append)
    assert strategy.standing(seen[-1]).share >= 1
    again = returns_in_model(TASK, load_policy(tmp_path / "best.safetensors"), episodes=2)
    assert learned.policy.card["return_in_model"] == pytest.approx(again.mean(axis=1).min(), rel=1e-6)


def test_settings_are_the_strategys_or_its_learners():
    config = config_for(TASK, "shac", horizon=5, num_envs=3, penalty="density")
    assert isinstance(config.learner, ShacConfig)
    assert (config.learner.horizon, config.num_envs, config.penalty) == (5, 3, "density")
    assert config_for(TASK, "shac").num_envs == 128
    assert config_for(TASK, None, rate=None) == config_for(TASK) == config_for(TASK, "sac")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"penalty": "dense"}, r"Unknown penalty 'dense'. Did you mean 'density'\? Valid: none, density, disagreement"),
        ({"outside_model": "trunc"}, r"Unknown outside_model 'trunc'. Did you mean 'truncate'"),
        ({"precision": "float8"}, r"Unknown precision 'float8'"),
        ({"threshold_scale": 2.5}, "threshold_scale is 2.5, but penalty is none; only a density has a threshold"),
        (
            {"threshold_scale": 2.5, "penalty": "disagreement"},
            "threshold_scale is 2.5, but penalty is disagreement; only a density has a threshold",
        ),
        (
            {"outside_model": "terminate", "penalty": "disagreement"},
            "outside_model=terminate with penalty=disagreement",
        ),
        ({"repeat": 2000}, "repeat is 2000; it must be at most the length of an episode"),
        ({"penalty": "disagreement"}, "needs a checkpoint with at least two ensemble members"),
        ({"spread_starts": 1.5}, "spread_starts is 1.5; it must be at least 0 and at most 1"),
        ({"spread_starts": 0.7, "near_reward_starts": 0.6}, "their sum must be at most 1"),
        ({"seed": -1}, "seed is -1"),
        ({"num_envs": 2.5}, "num_envs is 2.5; it needs a whole number, such as 64"),
        ({"learner": None}, "learner is of NoneType; it must be a LearnerConfig"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence_and_leaves_no_folder(tmp_path, change, sentence):
    with pytest.raises((KeyError, ValueError, TypeError), match=sentence):
        zero_shot(TASK, dataclasses.replace(QUICK, **change), budget=1, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_limits_and_names_that_are_none_are_one_sentence(tmp_path):
    for limits, said in (({"budget": -1}, "budget is -1 s"), ({"budget": 1, "max_steps": 0}, "and max_steps 0; both")):
        with pytest.raises(ValueError, match=said):
            zero_shot(TASK, QUICK, folder=tmp_path, **limits)
    with pytest.raises(ValueError, match="save_every is -1; it must be a number of seconds"):
        zero_shot(TASK, QUICK, budget=1, save_every=-1, folder=tmp_path)
    with pytest.raises(TypeError, match="config is of ShacConfig; zero-shot training takes a ZeroShotConfig"):
        zero_shot(TASK, ShacConfig(), budget=1, folder=tmp_path)  # pyright: ignore[reportArgumentType]
    with pytest.raises(KeyError, match="Unknown task"):
        config_for("PendulumSwingDown")
    with pytest.raises(KeyError, match=r"Unknown training option 'update'. Did you mean 'updates'"):
        config_for(TASK, update=3)


def fast(features, action):
    return features.joint_velocity("hinge").clamp(-1, 1) - 0.01 * action.square().sum(-1)


@pytest.mark.parametrize(("algo", "num_envs"), [("sac", None), ("shac", 2)])
def test_a_policy_is_trained_and_assessed_in_an_environment_that_was_made_of_functions(tmp_path, algo, num_envs):
    starts = (np.full((1, 1), 0.3), np.zeros((1, 1)))

    def make():
        return mosim_gym.make_env("pendulum", fast, reset=starts, num_envs=num_envs, max_episode_steps=20)

    config = config_for(make(), algo, **{**LOOP, **LEARNERS[algo]})
    result = zero_shot(make(), config, budget=600, max_steps=400, folder=tmp_path)
    assert result.policy.card["task"].startswith("pendulum, fast, ")
    assert result.assessment.lengths.max() == 20
    assert abs(result.curve[-1]["return_in_model"]) <= 20.2
    assert result.assessment.returns.mean() == pytest.approx(result.policy.card["return_in_model"], rel=1e-4)
    again = zero_shot(make(), config, budget=600, max_steps=800, folder=tmp_path)
    assert again.curve[: len(result.curve)] == result.curve
    assert again.curve[-1]["steps"] >= 800
    with pytest.raises(FileFault, match=r"another task \(pendulum, fast, \w+, here pendulum, <lambda>, \w+\)"):
        zero_shot(mosim_gym.make_env("pendulum", lambda f, a: f.qvel[:, 0]), config, budget=1, folder=tmp_path)

    def other(features, action):
        return -fast(features, action)

    other.__name__ = fast.__name__
    with pytest.raises(FileFault, match="holds a run with another task"):
        zero_shot(
            mosim_gym.make_env("pendulum", other, reset=starts, max_episode_steps=20), config, budget=1, folder=tmp_path
        )


def test_what_an_environment_has_of_its_own_is_not_chosen_twice_and_what_is_no_task_is_said(tmp_path):
    env = mosim_gym.make_env("pendulum", fast)
    for changes, limits, said in (
        ({}, {"checkpoint": "pendulum"}, "the environment has a model of its own; leave checkpoint out"),
        ({"precision": "fast"}, {}, "only learned checkpoints given by name or path have this option"),
    ):
        with pytest.raises(ValueError, match=said):
            zero_shot(env, config_for(env, **changes), budget=1, folder=tmp_path, **limits)
    with pytest.raises(TypeError, match="task is of Simulator; it must be a task's id such as 'CheetahRun', or an env"):
        zero_shot(mosim_gym.load("pendulum"), QUICK, budget=1, folder=tmp_path)  # pyright: ignore[reportArgumentType]
