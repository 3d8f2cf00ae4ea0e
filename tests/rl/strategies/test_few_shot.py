"""Few-shot: a packaged model goes on learning from counted real steps; schedules are what they say; interruptions change nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.cli import main
from mosim_gym.data.dataset import collect_dataset
from mosim_gym.data.stream import chunk
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.penalties.base import PENALTIES, Charge, Penalty
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.rl.learners.base import LearnerConfig
from mosim_gym.rl.learners.off_policy import OffPolicyConfig
from mosim_gym.rl.strategies.few_shot import FewShotConfig, config_for_schedule, few_shot
from mosim_gym.rl.strategies.model_learner import ModelLearner
from mosim_gym.rl.strategies.real_world import RealWorld
from mosim_gym.training.config import TrainConfig
from mosim_gym.training.pool import first_motion
from mosim_gym.zoo.names import load

TASK = "CartpoleSwingup"
LOOP = {
    "random_steps": 200, "round_steps": 100, "model_updates": 6, "slices": 2, "model_batch": 64, "branches": 8, "branch": 10,
    "virtual_steps": 10, "evaluate_every": 10_000, "episodes": 1,
}  # fmt: skip
ALGORITHMS = ["shac", pytest.param("sac", marks=pytest.mark.slow)]
LEARNERS = {"sac": {"updates": 2, "width": 32, "batch": 32, "buffer": 1000}, "shac": {"width": 32, "horizon": 5}}


def quick(algo: str, **changes: Any) -> FewShotConfig:
    return config_for_schedule(algo=algo, **{**LOOP, **LEARNERS[algo], **changes})


QUICK = quick("sac")


def test_the_papers_schedule_has_the_papers_numbers():
    config = config_for_schedule("paper")
    assert config.round_steps == 1000
    assert config.branches * config.virtual_steps == 5000
    assert config.model_updates == config.slices == 5000 / 100
    assert isinstance(config.learner, OffPolicyConfig)
    assert config.learner.updates * config.virtual_steps == 5000
    with pytest.raises(KeyError, match=r"Unknown schedule 'papr'\. Did you mean 'paper'"):
        config_for_schedule("papr")


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_an_interrupted_run_ends_with_the_same_policy(tmp_path, algo):
    def stop(state):
        if state["real_steps"] >= 1100:
            raise KeyboardInterrupt

    config = quick(algo, round_steps=300)
    whole = few_shot(TASK, config, real_steps=1600, folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        few_shot(TASK, config, real_steps=1600, folder=tmp_path / "broken", report=stop)
    resumed = few_shot(TASK, config, real_steps=1600, folder=tmp_path / "broken")
    card = whole.policy.card
    assert card["real_steps"] == resumed.policy.card["real_steps"] == 1600  # the last round is a short one
    assert card["strategy"] == "few-shot"
    assert card["model"].startswith("cartpole ")
    assert whole.returns == resumed.returns
    observation = np.ones(5, np.float32)
    np.testing.assert_array_equal(whole.policy.predict(observation)[0], resumed.policy.predict(observation)[0])
    with pytest.raises(FileFault, match=r"holds a run with another config \(width 32, here 33\)"):
        few_shot(TASK, quick(algo, round_steps=300, width=33), real_steps=1600, folder=tmp_path / "broken")


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_a_state_that_lacks_something_is_one_sentence(tmp_path, algo):
    config = quick(algo)
    few_shot(TASK, config, real_steps=300, folder=tmp_path)
    path = tmp_path / "state.safetensors"
    arrays, header = load_arrays(path, "policy run")
    for part in (
        "world/env/qpos",
        "model/generator",
        "learner/env/qvel",
        "learner/actor/0.weight" if algo == "shac" else "learner/owed",
    ):
        save_arrays(path, "policy run", {name: array for name, array in arrays.items() if name != part}, header)
        with pytest.raises(FileFault, match="is damaged, or of another version of mosim_gym"):
            few_shot(TASK, config, real_steps=600, folder=tmp_path)


def test_what_was_learned_before_is_kept_by_old_motion_among_the_new():
    def error_far_away(share: float) -> float:
        """After learning from a world at rest: how wrong the model is about spread states, against its error before."""
        world = RealWorld(TASK, 4, seed=0)
        before = load("cartpole")
        learner = ModelLearner(load("cartpole").model, batch=128, seed=0)
        learner.add(world.collect(lambda seen: np.zeros((len(seen), 1), np.float32), 400))
        states = RealWorld(TASK, 4, seed=1)
        states.env.set_starts(
            {"qpos": np.random.default_rng(0).uniform(-1.5, 1.5, (50, 2)), "qvel": np.full((50, 2), 3.0)}
        )
        states.env.reset(seed=5)
        spread = states.collect(states.random, 400)
        if share:
            learner.remember(spread, share)
        learner.learn(150)

        def error(simulator) -> float:
            step = simulator.step(spread.qpos, spread.qvel, spread.action)
            h = world.env.task.robot.control_step
            return float((step.qvel - (spread.qvel + h * spread.acceleration)).square().mean())

        return error(learner.simulator) / error(before)

    torch.manual_seed(0)
    assert error_far_away(0.5) < 0.5 * error_far_away(0.0)


def test_old_motion_is_what_the_model_has_seen_whatever_the_seed_of_the_run():
    trained = TrainConfig(recipe="narrow", seed=3, chunk_segments=40)
    known, _ = chunk("cartpole", "narrow", 3, 0, 40)
    again = first_motion("cartpole", dataclasses.asdict(trained))
    for mine, theirs in zip(again, known, strict=True):
        np.testing.assert_array_equal(mine, np.concatenate(theirs))


def test_old_motion_of_a_model_that_read_a_dataset_is_the_datasets(tmp_path):
    dataset = collect_dataset("cartpole", tmp_path, recipe="narrow", segments=200, seed=4)
    recipe = {"seed": 0, "recipe": dataset.manifest["recipe"], "dataset": {"seed": 4, "segments": 200}}
    again = first_motion("cartpole", recipe).action.numpy()
    np.testing.assert_array_equal(again[:, 0], dataset[:200].actions.ravel())


def test_old_motion_that_nobody_knows_is_not_made_up(tmp_path):
    nameless = Simulator(load("cartpole").model, {"name": "cartpole"})
    with pytest.raises(ValueError, match=r"does not say what it was trained on, .*: set pretraining_share=0"):
        few_shot(TASK, QUICK, real_steps=300, folder=tmp_path, checkpoint=nameless)


def test_few_shot_from_the_command_line(tmp_path, capsys, drawn):
    changes = [f"{name}={value}" for name, value in {**LOOP, **LEARNERS["shac"]}.items()]
    out = ["--out", str(tmp_path), "--episodes", "1", "--set", *changes]
    main(["rl", "few-shot", TASK, "--real-steps", "300", *out])
    assert "after 300 real steps; real return" in capsys.readouterr().out
    assert load_policy(tmp_path / "policy.safetensors").card["strategy"] == "few-shot"
    for name in ("learning.png", "policy.mp4", "prediction.mp4", "strip.png"):
        assert (tmp_path / name).stat().st_size > 0
    with pytest.raises(SystemExit):
        main(["rl", "few-shot", TASK, "--schedule", "fast", "--out", str(tmp_path)])
    assert "Unknown schedule 'fast'" in capsys.readouterr().err


class Toll(Penalty):
    """A penalty of one's own, the same everywhere, that counts what it is asked."""

    asked = 0

    def bind(self, core, dynamics):
        pass

    def charge(self, state, action):
        Toll.asked += len(action)
        return Charge(torch.full((len(action),), 0.25), torch.zeros(len(action), dtype=torch.bool), {})


@pytest.mark.slow
def test_a_registered_penalty_is_taken_off_the_models_transitions(tmp_path, capsys, drawn):
    PENALTIES.add("toll", Toll)
    changes = [f"{name}={value}" for name, value in {**LOOP, **LEARNERS["sac"]}.items()]
    typed = [
        "rl",
        "few-shot",
        TASK,
        "--real-steps",
        "300",
        "--algo",
        "sac",
        "--penalty",
        "toll",
        "--episodes",
        "1",
        "--set",
        *changes,
    ]
    try:
        main([*typed, "--out", str(tmp_path)])
    finally:
        PENALTIES.remove("toll")
    assert Toll.asked == 8 * 10  # the steps in the model of the one round: none of the real ones
    assert load_policy(tmp_path / "policy.safetensors").card["config"]["penalty"] == "toll"
    for wrong, said in (
        (["--penalty", "tol"], "Unknown penalty 'tol'"),
        (["--penalty", "density", "--set", "penalty=density"], "penalty is given twice, by --penalty and by --set"),
        (["--set", "threshold_scale=2"], "threshold_scale is 2.0, but penalty is none; only a density has a threshold"),
        (["--penalty", "density"], "No density is packaged for 'cartpole'"),
    ):
        with pytest.raises(SystemExit):
            main(["rl", "few-shot", TASK, "--real-steps", "1200", *wrong, "--out", str(tmp_path / "other")])
        assert said in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_what_cannot_be_run_is_one_sentence(tmp_path):
    with pytest.raises(KeyError, match=r"Unknown training option 'upd'. Did you mean 'updates'"):
        config_for_schedule("branches", upd=3)
    with pytest.raises(ValueError, match=r"pretraining_share is 1.0; it must be at least 0 and below 1"):
        few_shot(TASK, dataclasses.replace(QUICK, pretraining_share=1.0), real_steps=600, folder=tmp_path)
    with pytest.raises(KeyError, match="Unknown checkpoint 'cartpol'"):
        few_shot(TASK, QUICK, real_steps=600, folder=tmp_path, checkpoint="cartpol")
    with pytest.raises(ValueError, match="The model is of 'pendulum'; CartpoleSwingup needs one of 'cartpole'"):
        few_shot(TASK, QUICK, real_steps=600, folder=tmp_path, checkpoint="pendulum")
    for few in (100, 201):
        with pytest.raises(ValueError, match=f"real_steps is {few}; the first 200 are random"):
            few_shot(TASK, QUICK, real_steps=few, folder=tmp_path)
    for wrong in (float("nan"), 250.5):
        with pytest.raises(ValueError, match=f"real_steps is {wrong}; it must be a whole number"):
            few_shot(TASK, QUICK, real_steps=wrong, folder=tmp_path)  # pyright: ignore[reportArgumentType]
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="is a file; it must be a folder"):
        few_shot(TASK, QUICK, real_steps=600, folder=tmp_path / "file")
    with pytest.raises(ValueError, match="The truth cannot learn"):
        few_shot(TASK, QUICK, real_steps=600, folder=tmp_path, checkpoint="truth")
    with pytest.raises(TypeError, match="5 is not a checkpoint; give a packaged name or a path"):
        few_shot(TASK, QUICK, real_steps=600, folder=tmp_path, checkpoint=5)
    with pytest.raises(KeyError, match="Unknown checkpoint ''"):
        few_shot(TASK, QUICK, real_steps=600, folder=tmp_path, checkpoint="")
    unknown = dataclasses.replace(QUICK, learner=LearnerConfig(algo="dreamer"))
    with pytest.raises(KeyError, match="Unknown learner 'dreamer'"):
        few_shot(TASK, unknown, real_steps=600, folder=tmp_path)


def test_an_environment_of_a_model_has_no_real_steps(tmp_path):
    env = mosim_gym.make_env("pendulum", lambda f, a: f.qvel[:, 0])
    with pytest.raises(
        TypeError, match=r"task is of MoSimEnv; real steps come from .* zero_shot\(env, config_for\(env\)"
    ):
        few_shot(env, config_for_schedule(), real_steps=5_000, folder=tmp_path)
