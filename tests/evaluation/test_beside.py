"""World models of the registry are fitted on given motion and measured beside a checkpoint."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mosim_gym.cli import main
from mosim_gym.data.dataset import collect_dataset
from mosim_gym.evaluation.beside import fitted, motion_to_fit, named
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.world_model import WORLD_MODELS, WorldModel


class Remembers(WorldModel):
    """A world model that remembers what it was fitted with, and predicts no motion."""

    title = "remembers"

    def fit(self, data, budget, seed):
        self.fitted = next(iter(data.blocks())).transitions, budget, seed

    def rollout(self, history, actions):
        qpos, qvel = (np.repeat(part[:, -1:], actions.shape[1], 1) for part in history[:2])
        return Trajectory(qpos, qvel, None)


@pytest.fixture
def remembers():
    WORLD_MODELS.add("remembers", Remembers)
    yield
    WORLD_MODELS.remove("remembers")


def test_each_is_fitted_on_the_data_with_the_budget(remembers, tmp_path):
    collect_dataset("pendulum", tmp_path, segments=6)
    data = motion_to_fit("pendulum", {}, tmp_path, 0)
    told = []
    models = fitted(named("linear, remembers"), data, budget=3.0, seed=7, report=told.append)
    assert told == list(models) == ["linear", "remembers"]
    assert models["remembers"].fitted == (6 * 40, 3.0, 7)
    assert named(None) == []


def test_without_data_the_motion_is_by_the_recipe_of_the_checkpoint():
    for recipe in ("narrow", {"name": "narrow"}):
        assert motion_to_fit("cheetah", {"recipe": {"recipe": recipe}}, None, 3).recipe == "narrow"
    assert motion_to_fit("cheetah", {}, None, 3).recipe == "coverage"


@pytest.mark.slow
def test_the_command_sets_them_into_its_tables(remembers, tmp_path, capsys, drawn):
    collect_dataset("pendulum", tmp_path / "data", segments=6)
    typed = ["evaluate", "prediction", "pendulum", "--segments", "8", "--steps", "20", "--out", str(tmp_path / "out")]
    main([*typed, "--beside", "remembers", "--data", str(tmp_path / "data"), "--budget", "2s"])
    assert "fitting remembers, 2s" in capsys.readouterr().out
    tests = json.loads((tmp_path / "out" / "result.json").read_text())["tests"]
    assert tests["uniform"]["remembers"]["raw"] == tests["uniform"]["hold last"]["raw"]
    with pytest.raises(SystemExit):
        main([*typed, "--beside", "linear", "--data", str(tmp_path / "none")])
    assert str(tmp_path / "none") in capsys.readouterr().err
