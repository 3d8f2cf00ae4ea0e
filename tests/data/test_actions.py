"""Actions: in range, repeatable, and as their names say."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.data.actions import ACTIONS, POISSON_MEAN_HOLD, action_sampler


@pytest.mark.parametrize("name", list(ACTIONS))
def test_actions_are_in_range_repeatable_and_exact_in_float32(name):
    draw = action_sampler(name)
    actions = draw(np.random.default_rng(3), 200, 60, 2, 0.01)
    assert actions.shape == (200, 60, 2)
    assert np.abs(actions).max() <= 1
    np.testing.assert_array_equal(actions, actions.astype(np.float32))
    np.testing.assert_array_equal(actions, draw(np.random.default_rng(3), 200, 60, 2, 0.01))


def test_paired_actions_change_at_every_second_step(rng):
    actions = action_sampler("paired")(rng, 4, 7, 2, 0.01)
    np.testing.assert_array_equal(actions[:, 0:6:2], actions[:, 1:7:2])
    assert (actions[:, 1:6:2] != actions[:, 2:7:2]).all()


def test_poisson_actions_hold_for_a_geometric_time_and_are_zero_as_often_as_the_paper_says(rng):
    actions = action_sampler("poisson")(rng, 4000, 100, 1, 0.01)
    changes = np.diff(actions[:, :, 0], axis=1) != 0
    zeros = (actions == 0).mean()
    # a redraw from zero to zero is no change, which happens with probability 0.2² on average
    assert changes.mean() == pytest.approx((1 / POISSON_MEAN_HOLD) * (1 - 0.0433), abs=0.005)
    assert zeros == pytest.approx(0.2, abs=0.01)
