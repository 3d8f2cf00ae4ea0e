"""Signals of uncertainty against the true error."""

from __future__ import annotations

import numpy as np
import pytest

import mosim_gym
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.studies.paper.uncertainty import HORIZONS, Uncertainty, by_horizon, look
from mosim_gym.zoo.densities import find_density


@pytest.fixture(scope="module")
def simulator():
    return mosim_gym.load("cheetah:narrow")


@pytest.fixture(scope="module")
def test():
    return random_test("cheetah", "uniform", segments=6, steps=20, seed=3)


def test_single_steps_are_compared_with_the_truth_that_follows(simulator, test):
    found = look(simulator, find_density("cheetah:narrow"), test, np.ones(18))
    assert set(found.signals) == {"disagreement", "density"}
    assert found.errors.shape == found.signals["density"].shape == (6 * 4,)
    assert np.median(found.errors) < 0.1
    late = test._replace(next_qvel=test.next_qvel + 5)
    assert look(simulator, None, late, np.ones(18)).errors.min() > found.errors.max()


def test_at_each_horizon_the_spread_stands_beside_the_error(simulator, test):
    found = by_horizon(simulator, test)
    assert list(found) == [str(h) for h in HORIZONS if h <= 20]
    assert all(-1 <= at["rank"] <= 1 and at["ratio"] > 0 for at in found.values())


@pytest.mark.slow
def test_the_study_has_a_table_and_a_picture(tmp_path):
    study = Uncertainty().changed(["segments=4"])
    results = study.run(tmp_path, tmp_path, names=["cheetah-narrow"])
    rows = study.table(results).splitlines()
    assert [row.split("|")[2].strip() for row in rows[2:6]] == ["uniform", "poisson", "policy", "all together"]
    assert [path.name for path in study.pictures(results, tmp_path)] == ["paper-uncertainty-cheetah-narrow.png"]
