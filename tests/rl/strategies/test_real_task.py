"""The real task alone: SB3's own learners, every step counted, interruptions that change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from sb3_contrib import TQC
from stable_baselines3 import SAC

import mosim_gym
from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.adapters.vec_env import MoSimVecEnv
from mosim_gym.cli import main
from mosim_gym.rl.learners.sb3_internals import made
from mosim_gym.rl.strategies.real_task import config_for, real_task

TASK = "PendulumSwingup"
QUICK = {"updates": 1, "batch": 8, "width": 8, "buffer": 1000, "warm_up": 40, "evaluate_every": 200, "episodes": 1}
SETTINGS = (
    "learning_rate", "buffer_size", "learning_starts", "batch_size", "tau", "gamma", "gradient_steps", "n_steps", "train_freq",
    "target_update_interval", "target_entropy", "ent_coef", "use_sde", "n_envs", "top_quantiles_to_drop_per_net",
)  # fmt: skip


@pytest.mark.parametrize(("algo", "kind"), [("sac", SAC), ("tqc", TQC)])
def test_the_learner_is_sb3s_with_sb3s_settings(tmp_path, algo, kind):
    ours = made(config_for(TASK, algo).learner, MoSimVecEnv(TASK, 1), tmp_path, seed=0)
    theirs = kind("MlpPolicy", mosim_gym.make_real(TASK), seed=0)
    for name in SETTINGS:
        assert getattr(ours, name, None) == getattr(theirs, name, None), name
    assert type(ours.policy) is type(theirs.policy)
    shapes = [{name: part.shape for name, part in model.policy.state_dict().items()} for model in (ours, theirs)]
    assert shapes[0] == shapes[1]


def test_an_interrupted_run_ends_with_the_same_policy(tmp_path):
    def stop(state):
        if state["real_steps"] >= 200:
            raise KeyboardInterrupt

    config = config_for(TASK, **QUICK)
    whole = real_task(TASK, config, real_steps=300, folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        real_task(TASK, config, real_steps=300, folder=tmp_path / "broken", report=stop)
    resumed = real_task(TASK, config, real_steps=300, folder=tmp_path / "broken")
    assert [point["real_steps"] for point in whole.curve] == [200, 300]
    assert whole.curve == resumed.curve
    observation = np.ones(3, np.float32)
    np.testing.assert_array_equal(whole.policy.predict(observation)[0], resumed.policy.predict(observation)[0])
    card = load_policy(tmp_path / "broken" / "policy.safetensors").card
    assert (card["real_steps"], card["strategy"], card["algorithm"]) == (300, "real-task", "sac")


@pytest.mark.slow
def test_the_real_task_from_the_command_line(tmp_path, capsys, drawn):
    changes = [f"{name}={value}" for name, value in QUICK.items()]
    main(["rl", "real-task", TASK, "--real-steps", "200", "--episodes", "1", "--out", str(tmp_path), "--set", *changes])
    assert "after 200 real steps; real return" in capsys.readouterr().out


def test_a_learner_that_needs_gradients_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["rl", "real-task", TASK, "--algo", "shac", "--out", str(tmp_path / "other")])
    assert "shac needs gradients, and the real task has none; choose one of sac, tqc, ppo." in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_what_cannot_be_run_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="real_steps is 0; it must be a whole number, at least 1"):
        real_task(TASK, config_for(TASK), real_steps=0, folder=tmp_path)
    with pytest.raises(TypeError, match="config is of NoneType; learning on the real task takes a RealTaskConfig"):
        real_task(TASK, None, real_steps=100, folder=tmp_path)  # pyright: ignore[reportArgumentType]
