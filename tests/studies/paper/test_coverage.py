"""How often the truth lies among sampled rollouts."""

from __future__ import annotations

import numpy as np
import pytest

import mosim_gym
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.studies.paper.coverage import alone, coverage_table, covered, nominal, sampled


@pytest.fixture(scope="module")
def test():
    return random_test("cheetah", "uniform", segments=4, steps=3, seed=3)


def test_exchangeable_rollouts_cover_the_truth_as_often_as_they_nominally_do(test, rng):
    truth = np.concatenate((test.next_qpos, test.next_qvel), axis=-1)
    draws = rng.normal(size=(400, 40, *truth.shape[1:]))
    known = test._replace(next_qpos=draws[:, 0, :, :9], next_qvel=draws[:, 0, :, 9:])
    assert nominal(39) == 0.95
    np.testing.assert_allclose(covered(draws[:, 1:], known), 0.95, atol=0.01)
    assert (covered(np.full_like(draws, np.nan), known) == 0).all()


def test_sampled_rollouts_are_moved_by_members_drawn_anew_at_every_step(test, rng):
    simulator = mosim_gym.load("cheetah")
    found = sampled(simulator, test, rng, draws=9)
    assert found.shape == (4, 9, 3, 18)
    by_member = alone(simulator, test)
    assert by_member.shape == (4, simulator.members, 3, 18)
    first = [np.abs(found[:, k, 0, None] - by_member[:, :, 0]).max(-1).min(-1) for k in range(9)]
    assert np.max(first) < 1e-4  # after one step each is where one of the members is
    last = np.round(found[:, :, 2], 5)
    assert all(len(np.unique(rows, axis=0)) > simulator.members for rows in last)


def test_a_quaternion_and_its_negative_are_one_rotation():
    test = random_test("humanoid", "uniform", segments=2, steps=2, seed=0)
    truth = np.concatenate((test.next_qpos, test.next_qvel), axis=-1)
    around = np.stack((truth - 0.01, truth + 0.01), axis=1)
    around[..., 3:7] *= -1
    assert (covered(around, test) == 1).all()


def test_the_nominal_coverage_stands_beside_the_measured_one():
    found = {"drawn": {"16": 0.91, "100": 0.85}, "alone": {"16": 0.4, "100": 0.35}}
    cell = {"checkpoint": "cheetah", "members": 3, "coverage": {"uniform": found}}
    header, _, row = coverage_table([cell], (16, 100)).splitlines()
    assert "nominally 95%" in header
    assert [part.strip() for part in row.split("|")[1:-1]] == [
        "`cheetah`",
        "uniform",
        "91% / 85%",
        "40% / 35%",
        "50% of 3",
    ]
