"""MuJoCo behind the Simulator's interface."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.robots import load_robot
from mosim_gym.truth.dynamics import TrueDynamics


@pytest.fixture(scope="module")
def cheetah():
    return TrueDynamics("cheetah")


def _starts(n):
    bank = load_robot("cheetah").reset_banks["run"]
    return bank.qpos[:n].astype(float), bank.qvel[:n].astype(float)


def test_steps_and_rollouts_agree_to_the_bit(rng):
    dynamics = TrueDynamics("cheetah")
    qpos, qvel = _starts(8)
    actions = rng.uniform(-1, 1, (8, 60, 6))
    path = dynamics.rollout(qpos, qvel, actions)
    state = (qpos, qvel)
    for t in range(60):
        after = dynamics.step(*state, actions[:, t])
        state = after[:2]
        np.testing.assert_array_equal(after.qpos, path.qpos[:, t])
        np.testing.assert_array_equal(after.qvel, path.qvel[:, t])


def test_numpy_gives_numpy_and_torch_gives_torch(cheetah):
    qpos, qvel = _starts(2)
    action = np.zeros((2, 6))
    assert isinstance(cheetah.step(qpos, qvel, action).qpos, np.ndarray)
    after = cheetah.step(torch.from_numpy(qpos).float(), torch.from_numpy(qvel).float(), torch.zeros(2, 6))
    assert isinstance(after.qpos, torch.Tensor)
    assert after.qpos.dtype == torch.float64
    path = cheetah.rollout(torch.from_numpy(qpos), torch.from_numpy(qvel), torch.zeros(2, 5, 6))
    assert path.qvel.shape == (2, 5, 9)
    assert path.sensors.shape == (2, 5, 0)


def test_without_warm_starts_the_difference_is_the_solvers_tolerance(rng):
    qpos, qvel = _starts(64)
    action = rng.uniform(-1, 1, (64, 6))
    warm, cold = TrueDynamics("cheetah"), TrueDynamics("cheetah", warm_start=False)
    before = warm.step(qpos, qvel, action)
    one, two = warm.step(*before[:2], action), cold.step(*before[:2], action)
    np.testing.assert_allclose(one.qvel, two.qvel, atol=1e-5)


def test_a_state_that_blows_up_is_nan_and_its_neighbours_are_not(cheetah):
    qpos, qvel = _starts(3)
    qvel[1] = 1e11
    after = cheetah.step(qpos, qvel, np.zeros((3, 6)))
    assert np.isnan(after.qpos[1]).all()
    assert np.isfinite(after.qpos[[0, 2]]).all()
    path = cheetah.rollout(qpos, qvel, np.zeros((3, 5, 6)))
    assert np.isnan(path.qpos[1]).all()
    assert np.isfinite(path.qpos[[0, 2]]).all()


def test_card_and_unknown_robot(cheetah):
    assert cheetah.card["kind"] == "truth"
    assert cheetah.timestep == 0.01
    with pytest.raises(KeyError, match="Did you mean 'cheetah'"):
        TrueDynamics("cheeta")


def test_shapes_are_checked_in_one_sentence(cheetah):
    qpos, qvel = _starts(2)
    for action in (np.zeros((2, 1)), np.zeros((3, 6)), np.zeros(6)):
        with pytest.raises(ValueError, match=r"actions has shape .*; cheetah needs \(2, 6\)"):
            cheetah.step(qpos, qvel, action)
    with pytest.raises(ValueError, match=r"qvel has shape \(1, 9\)"):
        cheetah.rollout(qpos, qvel[:1], np.zeros((2, 5, 6)))
    with pytest.raises(ValueError, match=r"warm_start have shapes"):
        cheetah.remember(qpos[0], qvel[0], np.zeros(4))
    with pytest.raises(ValueError, match="threads is -1"):
        TrueDynamics("cheetah", threads=-1)


@pytest.mark.parametrize("warm_start", [True, False])
def test_empty_batches_are_empty(warm_start):
    dynamics = TrueDynamics("cheetah", warm_start=warm_start)
    assert dynamics.step(np.zeros((0, 9)), np.zeros((0, 9)), np.zeros((0, 6))).qpos.shape == (0, 9)
    assert dynamics.rollout(np.zeros((0, 9)), np.zeros((0, 9)), np.zeros((0, 5, 6))).qvel.shape == (0, 5, 9)
    assert dynamics.rollout(*_starts(3), np.zeros((3, 0, 6))).qpos.shape == (3, 0, 9)


def test_a_control_that_is_no_number_makes_its_row_nan(cheetah):
    qpos, qvel = _starts(2)
    actions = np.zeros((2, 4, 6))
    actions[1, 2, 3] = np.nan
    path = cheetah.rollout(qpos, qvel, actions)
    assert np.isfinite(path.qpos[0]).all()
    assert np.isfinite(path.qpos[1, :2]).all()
    assert np.isnan(path.qpos[1, 2:]).all()
    assert np.isnan(cheetah.step(qpos, qvel, actions[:, 2]).qpos[1]).all()
