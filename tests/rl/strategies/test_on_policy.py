"""On-policy: real steps are counted, the model learns from them, and an interrupted run ends with the same policy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.cli import main
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics.storage import FileFault, load_arrays
from mosim_gym.rl.flat_settings import changed
from mosim_gym.rl.strategies import few_shot
from mosim_gym.rl.strategies.model_learner import ModelLearner
from mosim_gym.rl.strategies.on_policy import config_for_schedule, on_policy
from mosim_gym.rl.strategies.real_world import RealWorld
from mosim_gym.rl.strategies.zero_shot import config_for
from mosim_gym.training.model_choice import model_for

TASK = "CartpoleSwingup"
LOOP = {
    "random_steps": 200, "first_model_updates": 20, "round_steps": 100, "model_updates": 5, "members": 2, "model_batch": 64, "branches": 8,
    "branch": 10, "virtual_steps": 10, "evaluate_every": 10_000, "episodes": 1,
}  # fmt: skip
QUICK = config_for_schedule("branches", **LOOP, updates=2, width=32, batch=32, buffer=1000)


def test_every_real_step_is_counted_and_transitions_are_true():
    world = RealWorld(TASK, 2, seed=0, episode=30)
    data = world.collect(world.random, 100)
    assert world.steps == 100 == len(data.qpos)
    assert [steps for steps, _ in world.returns] == [60, 60]
    h = world.env.task.robot.control_step
    after = data.qvel + h * data.acceleration
    same_episode = np.ones(98, bool)
    same_episode[[58, 59]] = False  # rows of the two environments alternate; after 30 steps each begins anew
    np.testing.assert_allclose(after[:-2][same_episode], data.qvel[2:][same_episode], atol=1e-4)
    other = RealWorld(TASK, 2, seed=9, episode=30)
    other.restore(world.state())
    act = lambda seen: np.full((len(seen), 1), 0.3, np.float32)  # noqa: E731
    for mine, theirs in zip(world.collect(act, 40), other.collect(act, 40), strict=True):
        assert torch.equal(mine, theirs)
    assert world.returns == other.returns


def test_a_model_learns_from_real_transitions():
    world = RealWorld(TASK, 4, seed=0)
    learner = ModelLearner(MoSim(world.env.task.robot, model_for("cartpole", members=2)), batch=128)
    learner.add(world.collect(world.random, 1000))
    learner.fit_statistics()
    first = learner.learn(5)
    learner.learn(300)
    assert learner.learn(5) < 0.3 * first
    data = learner.data
    assert data is not None
    step = learner.simulator.step(data.qpos[:50], data.qvel[:50], data.action[:50])
    wanted = data.qvel[:50] + world.env.task.robot.control_step * data.acceleration[:50]
    assert learner.box["qvel"][1] == pytest.approx(data.qvel.amax(0).tolist(), abs=1e-4)
    still = (data.qvel[:50] - wanted).square().mean()
    assert (step.qvel - wanted).square().mean() < 0.2 * still


def test_branches_end_where_the_model_has_seen_nothing_and_gradients_stay_numbers(tmp_path):
    loop = {**LOOP, "first_model_updates": 2, "branch": 50, "virtual_steps": 96, "round_steps": 40}
    config = config_for_schedule("gradients", **loop, preset="")
    seen = []
    result = on_policy("CheetahRun", config, real_steps=320, folder=tmp_path, report=seen.append)
    assert len(seen) == 3
    observation = np.random.default_rng(0).normal(size=(20, 17)).astype(np.float32)
    assert np.isfinite(result.policy.predict(observation)[0]).all()
    state = load_arrays(tmp_path / "state.safetensors", "policy run")[0]
    for name in ("mean", "var", "log_std"):
        assert np.isfinite(state[f"learner/{name}"]).all()
    assert not np.allclose(state["learner/log_std"], -1.0)  # where it began


def test_a_penalty_on_disagreement_is_measured_by_the_real_steps_and_survives_an_interruption(tmp_path):
    def stop(state):
        if state["real_steps"] >= 300:
            raise KeyboardInterrupt

    config = changed(QUICK, {"penalty": "disagreement"})
    whole = on_policy(TASK, config, real_steps=500, folder=tmp_path / "whole")
    assert set(whole.model.card["disagreement"]) == {"0.5", "0.9", "0.99", "0.999"}
    with pytest.raises(KeyboardInterrupt):
        on_policy(TASK, config, real_steps=500, folder=tmp_path / "broken", report=stop)
    resumed = on_policy(TASK, config, real_steps=500, folder=tmp_path / "broken")
    observation = np.ones(5, np.float32)
    np.testing.assert_array_equal(whole.policy.predict(observation)[0], resumed.policy.predict(observation)[0])
    with pytest.raises(FileFault, match="penalty disagreement, here none"):
        on_policy(TASK, QUICK, real_steps=600, folder=tmp_path / "broken")
    with pytest.raises(ValueError, match="at least two ensemble members"):
        on_policy(TASK, changed(config, {"members": 1}), real_steps=500, folder=tmp_path / "one")


@pytest.mark.parametrize("of", [few_shot.config_for_schedule, config_for_schedule])
def test_the_best_known_schedule_is_the_default_and_others_have_names(of):
    assert of() == of("gradients") == type(of())()
    assert of().learner.algo == "shac"
    assert of(algo="sac") == of("branches")
    assert of(algo="tqc").learner == dataclasses.replace(of("branches").learner, algo="tqc")
    for schedule in ("branches", "paper"):
        assert of(schedule).learner.algo == "sac"
    assert of("paper", algo="shac").learner == of().learner
    assert of("gradients", algo="sac").learner == of("branches").learner


@pytest.mark.parametrize("of", [few_shot.config_for_schedule, config_for_schedule])
def test_settings_go_to_the_strategy_or_to_its_learner_and_others_are_refused(of):
    config = of("gradients", branch=7, lam=0.9, horizon=5)
    assert (config.branch, config.learner.lam, config.learner.horizon) == (7, 0.9, 5)
    config = of("branches", branch=7, updates=3, n_step=5)
    assert (config.branch, config.learner.updates, config.learner.n_step) == (7, 3, 5)
    for name in ("updates", "batch", "critic", "rate", "buffer", "n_step", "matmul_precision"):
        with pytest.raises(
            KeyError,
            match=f"Unknown training option '{name}'. It is a setting of the learners sac and tqc. Valid: .*actor_rate",
        ):
            of("gradients", **{name: 1})
    with pytest.raises(
        KeyError, match=r"Unknown training option 'lam'. It is a setting of the learners shac and ppo. Valid: .*updates"
    ):
        of("branches", lam=0.9)
    with pytest.raises(KeyError, match=r"Unknown training option 'spread_starts'. .*Valid: "):
        of(spread_starts=0.3)
    with pytest.raises(KeyError, match=r"Unknown training option 'following'. It is now called tau"):
        of(following=0.3)


@pytest.mark.parametrize("task", [TASK, pytest.param("HopperHop", marks=pytest.mark.slow)])
def test_an_interrupted_run_ends_with_the_same_policy(tmp_path, task):
    def stop(state):
        if state["real_steps"] >= 400:
            raise KeyboardInterrupt

    seen = []
    whole = on_policy(task, QUICK, real_steps=600, folder=tmp_path / "whole", report=seen.append)
    assert [s["real_steps"] for s in seen] == [300, 400, 500, 600]
    with pytest.raises(KeyboardInterrupt):
        on_policy(task, QUICK, real_steps=600, folder=tmp_path / "broken", report=stop)
    resumed = on_policy(task, QUICK, real_steps=600, folder=tmp_path / "broken")
    card = whole.policy.card
    assert card["real_steps"] == resumed.policy.card["real_steps"] == 600
    assert card["curve"] == resumed.policy.card["curve"]
    observation = np.ones(len(np.ravel(whole.policy.layers[0][0][0])), np.float32)
    np.testing.assert_array_equal(whole.policy.predict(observation)[0], resumed.policy.predict(observation)[0])
    with pytest.raises(FileFault, match="holds a run with another config"):
        on_policy(task, dataclasses.replace(QUICK, members=3), real_steps=600, folder=tmp_path / "broken")


@pytest.mark.slow
def test_on_policy_from_the_command_line(tmp_path, capsys, drawn):
    changes = [f"{name}={value}" for name, value in {**LOOP, "width": 32, "horizon": 5}.items()]
    main(["rl", "on-policy", TASK, "--real-steps", "300", "--episodes", "1", "--out", str(tmp_path), "--set", *changes])
    assert "after 300 real steps; real return" in capsys.readouterr().out
    assert load_policy(tmp_path / "policy.safetensors").card["strategy"] == "on-policy"
    for name in ("learning.png", "policy.mp4", "prediction.mp4", "strip.png"):
        assert (tmp_path / name).stat().st_size > 0
    with pytest.raises(SystemExit):
        main(["rl", "on-policy", TASK, "--real-steps", "10", "--out", str(tmp_path)])
    assert "real_steps is 10" in capsys.readouterr().err


def test_what_cannot_be_run_is_one_sentence(tmp_path):
    with pytest.raises(KeyError, match="Unknown learner 'dreamer'"):
        config_for_schedule(algo="dreamer")
    for name, value in (("width", 0), ("round_steps", -5), ("members", 0), ("rate", float("inf"))):
        with pytest.raises(ValueError, match=f"{name} is {value}; it must be positive"):
            on_policy(TASK, changed(QUICK, {name: value}), real_steps=600, folder=tmp_path)
    with pytest.raises(ValueError, match="discount is 2"):
        on_policy(TASK, changed(QUICK, {"discount": 2}), real_steps=600, folder=tmp_path)
    for wrong in (config_for("CartpoleSwingup"), None):
        with pytest.raises(TypeError, match=r"learner is of \w+; it must be a LearnerConfig"):
            on_policy(TASK, dataclasses.replace(QUICK, learner=wrong), real_steps=600, folder=tmp_path)
    with pytest.raises(ValueError, match="real_steps is 100; the first 200 are random"):
        on_policy(TASK, QUICK, real_steps=100, folder=tmp_path)
    with pytest.raises(TypeError, match="config is of FewShotConfig; on-policy learning takes an OnPolicyConfig"):
        on_policy(TASK, few_shot.FewShotConfig(), real_steps=600, folder=tmp_path)  # pyright: ignore[reportArgumentType]


def test_a_policy_learns_along_real_steps_alone_and_an_interrupted_run_ends_with_the_same_policy(tmp_path):
    def stop(state):
        if state["real_steps"] >= 400:
            raise KeyboardInterrupt

    loop = {**LOOP, "real_envs": 4, "preset": ""}
    config = config_for_schedule("along-real-steps", **loop, horizon=5, width=16)
    seen = []
    whole = on_policy(TASK, config, real_steps=630, folder=tmp_path / "whole", report=seen.append)
    assert [s["real_steps"] for s in seen] == [300, 400, 500, 600, 620, 632]
    assert (
        whole.policy.card["updates"] == 4 * 5 + 1
    )  # of 5 steps in 4 environments each; the last 12 real steps are less than one
    with pytest.raises(KeyboardInterrupt):
        on_policy(TASK, config, real_steps=630, folder=tmp_path / "broken", report=stop)
    resumed = on_policy(TASK, config, real_steps=630, folder=tmp_path / "broken")
    observation = np.ones(5, np.float32)
    np.testing.assert_array_equal(whole.policy.predict(observation)[0], resumed.policy.predict(observation)[0])


def test_what_cannot_be_learned_along_real_steps_is_one_sentence():
    with pytest.raises(ValueError, match="forward is real with sac; only a learner that climbs a gradient"):
        config_for_schedule("along-real-steps", algo="sac")
    with pytest.raises(ValueError, match="penalty is disagreement with forward real"):
        config_for_schedule("along-real-steps", penalty="disagreement")
