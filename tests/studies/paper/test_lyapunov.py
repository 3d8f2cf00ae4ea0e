"""Lyapunov exponents: those of systems whose exponents are known, and the study of the acrobot."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import load_robot
from mosim_gym.studies.paper.lyapunov import Lyapunov, grown, mean_interval

RATE = 3.0  # 1/s


class Saddle(Dynamics):
    """`q' = exp(RATE h) q`, `v' = exp(-h) v`: the largest exponent is RATE."""

    dtype = torch.float64

    def __init__(self):
        self.robot = load_robot("acrobot")

    def step(self, qpos, qvel, action, features=None, previous=None):
        return Step(np.exp(RATE * self.timestep) * qpos, np.exp(-self.timestep) * qvel, qpos[:, :0])


def test_the_exponent_of_a_linear_system_is_its_largest_rate(rng):
    start = rng.normal(size=(20, 2))
    found = grown(Saddle(), start, start, np.zeros((20, 400, 1)), delta=1e-5, renew=10, seed=0)
    assert found.exponents.shape == (20,)
    assert found.distances.shape == (20, 40)
    assert np.median(found.exponents) == pytest.approx(RATE, rel=0.1)
    assert (found.exponents <= RATE + 1e-6).all()


def test_distances_that_are_never_set_back_go_on_growing(rng):
    start = rng.normal(size=(20, 2))
    distances = grown(Saddle(), start, start, np.zeros((20, 400, 1)), delta=1e-5, renew=10, seed=0).distances
    np.testing.assert_allclose(distances[:, -1] / distances[:, -2], np.exp(RATE * 0.1), rtol=1e-3)


def test_a_mean_has_the_interval_of_its_standard_error():
    found = mean_interval(np.array([1.0, 2.0, 3.0, 4.0]))
    assert found["mean"] == 2.5
    assert found["half_width_95"] == pytest.approx(1.96 * np.std([1, 2, 3, 4], ddof=1) / 2)


def test_the_study_says_whether_a_model_is_in_the_truths_interval(tmp_path):
    study = Lyapunov().changed(["pairs=8", "steps=20"])
    results = study.run(tmp_path, tmp_path, names=["truth-uniform", "acrobot-small-uniform"])
    rows = study.table(results).splitlines()
    assert "MuJoCo" in rows[2]
    assert "`acrobot:small`" in rows[3]
    assert rows[3].split("|")[5].strip() in ("yes", "no")
    assert results["truth-uniform"]["exponent"]["mean"] == pytest.approx(
        results["acrobot-small-uniform"]["exponent"]["mean"], abs=0.2
    )
    assert "without a unit" in study.table(results)
    assert [path.name for path in study.pictures(results, tmp_path)] == ["paper-lyapunov-uniform.png"]


def test_times_between_set_backs_fill_the_whole_trajectory():
    with pytest.raises(ValueError, match="renew is 7; it must divide steps, which is 1000"):
        Lyapunov(renew=7)
