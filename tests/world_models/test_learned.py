"""What holds for every world model of one network: it learns, repeats itself, and keeps to the manifold of configurations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.world_models.small import SMALL, small

from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.evaluation.floors import LinearModel
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.prediction import prediction_errors
from mosim_gym.mechanics.motion import History, Segments
from mosim_gym.robots import load_robot
from mosim_gym.world_models.gru import GRUConfig, GRUModel

FREE = "fish"  # its root is a free joint
QUICK, LONGER = ["gru", "transformer", "pets"], ["latent", "nerd", "rssm"]


class Recorded:
    """A few segments of motion, simulated once."""

    def __init__(self, robot: str, segments: int) -> None:
        self.robot = robot
        self.block: Segments = next(iter(RecipeMotion(robot, seed=5, segments=segments).blocks()))

    def blocks(self):
        return iter([self.block])


@pytest.fixture(scope="module")
def pendulum():
    return Recorded("pendulum", 300)


@pytest.fixture(scope="module")
def free():
    return Recorded(FREE, 12)


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in LONGER)])
def test_it_predicts_better_than_the_linear_model(name, pendulum):
    model, linear = small(name), LinearModel()
    for each in (model, linear):
        each.fit(pendulum, budget=0.0, seed=0)
    test = random_test("pendulum", "uniform", segments=20, steps=16, seed=3)
    assert prediction_errors(model, test)["raw"]["16"] < 0.5 * prediction_errors(linear, test)["raw"]["16"]


@pytest.mark.parametrize("name", list(SMALL))
def test_the_same_seed_and_steps_give_the_same_path_on_which_quaternions_stay_unit(name, free):
    paths = []
    for seed in (0, 0, 1):
        model = small(name, steps=2)
        before = torch.get_rng_state()
        model.fit(free, budget=0.0, seed=seed)
        assert torch.equal(torch.get_rng_state(), before)
        assert model.record.steps == 2
        first = model.context
        qpos, qvel, actions, _ = free.block
        known = History(qpos[:, :first], qvel[:, :first], actions[:, : first - 1])
        paths.append(model.rollout(known, actions[:, first - 1 : first + 8]))
    np.testing.assert_array_equal(paths[0].qpos, paths[1].qpos)
    assert not np.array_equal(paths[0].qpos, paths[2].qpos)
    (turned,) = load_robot(FREE).quaternion_slices
    np.testing.assert_allclose(np.linalg.norm(paths[0].qpos[..., turned], axis=-1), 1, atol=1e-5)


def test_tensors_give_tensors_and_a_budget_ends_the_fit(pendulum):
    model = GRUModel(GRUConfig(width=16, batch=8))
    model.fit(pendulum, budget=0.5, seed=0)
    assert model.record.steps >= 1
    assert model.record.transitions == 300 * 40
    test = random_test("pendulum", "uniform", segments=3, steps=5, seed=0)
    history = type(test.history)(*(torch.from_numpy(part) for part in test.history))
    path = model.rollout(history, torch.from_numpy(test.actions))
    assert path.qpos.shape == (3, 5, 1)
    np.testing.assert_allclose(path.qvel.numpy(), model.rollout(test.history, test.actions).qvel, rtol=1e-6)


def test_a_wrong_configuration_is_one_sentence():
    with pytest.raises(TypeError, match="config is of dict; GRU needs a GRUConfig"):
        GRUModel({"width": 8})
    with pytest.raises(ValueError, match="width is 4; it must be at least 8"):
        GRUConfig(width=4)
