"""The growth of errors over the horizon."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.evaluation.floors import HoldLast
from mosim_gym.evaluation.growing import error_growth, steps_below
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.prediction import prediction_errors
from mosim_gym.mechanics.motion import Trajectory


@pytest.fixture(scope="module")
def test():
    return random_test("pendulum", "uniform", segments=12, steps=20, seed=3)


class Exploding(HoldLast):
    """Segment 0 is infinite from step 5 on."""

    def rollout(self, history, actions):
        path = super().rollout(history, actions)
        qpos = path.qpos.copy()
        qpos[0, 5:] = np.inf
        return Trajectory(qpos, path.qvel, None)


def test_up_to_each_horizon_it_is_the_error_of_the_other_tables(test):
    grown = error_growth(HoldLast(), test)
    raw = prediction_errors(HoldLast(), test)["raw"]
    assert grown.errors.shape == (20,)
    for horizon, error in raw.items():
        assert grown.errors[int(horizon) - 1] == pytest.approx(error)
    assert grown.diverged == 0


def test_a_prediction_counts_as_long_as_it_is_finite(test):
    whole, broken = error_growth(HoldLast(), test), error_growth(Exploding(), test)
    np.testing.assert_allclose(broken.errors[:5], whole.errors[:5])
    assert np.isfinite(broken.errors).all()
    assert broken.diverged == pytest.approx(1 / 12)


def test_steps_below_a_level_end_where_it_is_reached():
    errors = np.array([0.1, 0.2, 0.4, 0.3])
    assert steps_below(errors, 0.4) == 2
    assert steps_below(errors, 0.05) == 0
    assert steps_below(errors, 1.0) == 4
