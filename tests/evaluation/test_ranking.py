"""Rank correlation and the area under a receiver operating characteristic."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.evaluation.ranking import area_under_roc, rank_correlation, ranks


def test_equal_values_share_the_mean_of_their_ranks():
    np.testing.assert_allclose(ranks(np.array([3.0, 1.0, 3.0, 2.0])), [3.5, 1, 3.5, 2])


def test_the_rank_correlation_is_that_of_any_rising_function(rng):
    x = rng.normal(size=200)
    assert rank_correlation(x, np.exp(3 * x)) == pytest.approx(1)
    assert rank_correlation(x, -(x**3)) == pytest.approx(-1)
    assert abs(rank_correlation(x, rng.normal(size=200))) < 0.25
    assert np.isnan(rank_correlation(x, np.ones(200)))


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    inside, outside = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0])
    pairs = [(o > i) + 0.5 * (o == i) for o in outside for i in inside]
    assert area_under_roc(inside, outside) == pytest.approx(np.mean(pairs))
    assert area_under_roc(inside, inside) == pytest.approx(0.5)
