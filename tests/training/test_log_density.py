"""The density of logs travels with their model, and keeps learners near them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.data.logged import arm, arm_motion
from tests.training.measured import QUICK, pendulum_logs

import mosim_gym
from mosim_gym.data.logs import Logs
from mosim_gym.density.flow import FlowConfig
from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.training.from_logs import train
from mosim_gym.training.log_density import train_density

TINY = FlowConfig(blocks=2, width=16)


def upright(features, action):
    return torch.cos(features.joint("hinge"))


def _penalty(model, velocity):
    """The penalty at the bottom of the swing at this velocity."""
    start = torch.zeros(1, 1), torch.full((1, 1), velocity)
    env = mosim_gym.make_env(model, upright, penalty="density", reset=start)
    env.reset(seed=0)
    return env.step(np.zeros(1, np.float32))[4]["penalty"]


def test_a_model_of_logs_has_its_density_in_memory_and_in_its_file(tmp_path):
    logs = pendulum_logs(4, 150)
    model = train(
        "pendulum", logs, budget="6s", members=1, config=QUICK, steps=5, folder=tmp_path, memory=1, density=True
    )
    card = model.density.card
    assert card["transitions"] + 150 == logs.transitions
    assert np.isfinite(card["held_out_log_density"])
    again = mosim_gym.load(tmp_path / "checkpoint.safetensors")
    states = (torch.zeros(2, 1), torch.tensor([[0.0], [90.0]]), torch.zeros(2, 1))
    torch.testing.assert_close(again.density(*states), model.density(*states), atol=1e-4, rtol=1e-4)
    for one in (model, tmp_path / "checkpoint.safetensors"):
        assert _penalty(one, 0.0) < 0.5 < _penalty(one, 90.0)


def test_a_density_of_logs_is_an_object_a_file_and_a_fit_that_goes_on(tmp_path):
    logs = pendulum_logs(3, 100)
    fit = {"config": TINY, "steps": 60}
    density = train_density("pendulum", logs, **fit)
    model = train("pendulum", logs, members=1, config=QUICK, steps=5)
    path = density.save(tmp_path / "density.safetensors")
    for given in (density, path):
        env = mosim_gym.make_env(model, upright, penalty=DensityPenalty(given))
        env.reset(seed=0)
        assert "log_density" in env.step(env.action_space.sample())[4]
    with pytest.raises(ValueError, match="This model was learned from logs, and their density was not: train it with"):
        mosim_gym.make_env(model, upright, penalty="density")

    def stop(state):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_density("pendulum", logs, folder=tmp_path / "fit", save_every=0.0, report=stop, **fit)
    resumed = train_density("pendulum", logs, folder=tmp_path / "fit", **fit)
    assert resumed.card["quantiles"] == density.card["quantiles"]
    with pytest.raises(FileFault, match="holds a run with another data"):
        train_density("pendulum", pendulum_logs(3, 100, seed=5), folder=tmp_path / "fit", **fit)


def test_what_is_wrong_is_one_sentence():
    motion = arm_motion(300)
    logs = Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 150, 300]))
    with pytest.raises(ValueError, match="budget is 0; it must be a positive number of seconds"):
        train_density(arm(), logs, budget=0)
    with pytest.raises(FileFault, match="holds the motion of 'arm'"):
        train_density("pendulum", logs)
