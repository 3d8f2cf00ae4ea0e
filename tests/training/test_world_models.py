"""The contract of world models, which every registered one keeps: it learns, predicts, and does not see the future."""

from __future__ import annotations

import numpy as np
import pytest
from tests.world_models.small import SMALL, small

from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.prediction import prediction_errors
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.world_model import WORLD_MODELS, WorldModel, as_world_model

ROBOT = "pendulum"
TEST = {"segments": 12, "steps": 24, "seed": 3}


class Extrapolation(WorldModel):
    """A world model of one's own: velocities go on changing as between the last two states."""

    title = "extrapolation"
    context = 2

    def fit(self, data, budget, seed):
        first = next(iter(data.blocks()))
        self.step = float(np.median(np.diff(first.qpos, axis=1) / first.qvel[:, 1:]))

    def rollout(self, history, actions):
        q, v = history.qpos[:, -1], history.qvel[:, -1]
        change = v - history.qvel[:, -2]
        path = []
        for _ in range(actions.shape[1]):
            v = v + change
            q = q + self.step * v
            path.append((q, v))
        return Trajectory(*(np.stack(parts, 1) for parts in zip(*path, strict=True)), None)


@pytest.fixture(
    scope="module",
    params=[
        "hold-last",
        "linear",
        "mosim",
        "extrapolation",
        "gru",
        "pets",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("transformer", "latent", "nerd", "rssm", "residual")),
    ],
)
def fitted(request):
    WORLD_MODELS.add("extrapolation", Extrapolation)
    try:
        model = small(request.param) if request.param in SMALL else WORLD_MODELS.find(request.param)()
    finally:
        WORLD_MODELS.remove("extrapolation")
    model.fit(RecipeMotion(ROBOT, seed=1, segments=100), budget=5.0, seed=0)
    return model


@pytest.fixture(scope="module")
def test():
    return random_test(ROBOT, "uniform", **TEST)


def test_it_predicts_finite_states_as_far_as_it_is_asked(fitted, test):
    path = fitted.rollout(test.history.latest(fitted.context), test.actions)
    assert path.qpos.shape == test.next_qpos.shape
    assert path.qvel.shape == test.next_qvel.shape
    assert np.isfinite(path.qpos).all()


def test_later_actions_do_not_change_earlier_states(fitted, test):
    history = test.history.latest(fitted.context)
    whole, part = (fitted.rollout(history, test.actions[:, :steps]) for steps in (24, 9))
    np.testing.assert_allclose(whole.qpos[:, :9], part.qpos, rtol=1e-5, atol=1e-6)


def test_more_history_than_it_wants_changes_nothing(fitted, test):
    long, short = (fitted.rollout(h, test.actions) for h in (test.history, test.history.latest(fitted.context)))
    np.testing.assert_array_equal(np.asarray(long.qvel), np.asarray(short.qvel))


def test_its_errors_are_measured_beside_the_floors(fitted, test):
    errors = prediction_errors(fitted, test)
    assert np.isfinite(errors["raw"]["16"])
    if not fitted.is_floor and fitted.title != "extrapolation":
        assert errors["raw"]["16"] < 0.5 * prediction_errors(WORLD_MODELS.find("hold-last")(), test)["raw"]["16"]


def test_a_test_keeps_the_true_motion_before_it(test):
    assert test.history.qpos.shape == (12, 64, 1)
    assert test.history.actions.shape == (12, 63, 1)
    np.testing.assert_array_equal(test.history.latest(5).qvel, test.history.qvel[:, -5:])


def test_what_predicts_nothing_is_one_sentence(test):
    with pytest.raises(TypeError, match="dict is not a predictor of motion: its class must derive from WorldModel"):
        as_world_model({})

    class Nostalgic(Extrapolation):
        context = 100

    with pytest.raises(ValueError, match="Nostalgic needs 100 true states first; a test has 64"):
        prediction_errors(Nostalgic(), test)
    with pytest.raises(KeyError, match="Unknown world model 'oracle'"):
        WORLD_MODELS.find("oracle")
