"""Velocities from positions alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import savgol_filter
from tests.data.logged import STEP, arm, arm_motion, cube, turning

from mosim_gym.data.velocities import causal_velocities, savgol_velocities


def test_hinges_have_the_slopes_of_scipys_filter_with_its_ends():
    motion = arm_motion(100)
    found = savgol_velocities(arm(), motion["qpos"], np.array([0, 100]), STEP, window=7)
    wanted = savgol_filter(motion["qpos"], 7, 3, deriv=1, delta=STEP, axis=0, mode="interp")
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_no_estimate_looks_across_the_end_of_a_segment():
    qpos = arm_motion(100)["qpos"]
    starts = np.array([0, 3, 8, 40, 100])
    for estimate in (savgol_velocities, causal_velocities):
        found = estimate(arm(), qpos, starts, STEP)
        for first, last in pairwise(starts.tolist()):
            alone = estimate(arm(), qpos[first:last], np.array([0, last - first]), STEP)
            np.testing.assert_allclose(found[first:last], alone, atol=1e-12)


@pytest.mark.parametrize("flipped", [False, True], ids=["", "signs of quaternions flipped"])
def test_a_free_joint_turns_in_its_own_frame(flipped):
    qpos, qvel = turning(50)
    if flipped:
        qpos[::3, 3:] *= -1
    found = savgol_velocities(cube(), qpos, np.array([0, 50]), STEP)
    np.testing.assert_allclose(found, qvel, atol=1e-6)


def test_causal_velocities_need_no_later_row():
    qpos, _ = turning(50)
    found = causal_velocities(cube(), qpos, np.array([0, 50]), STEP)
    earlier = causal_velocities(cube(), qpos[:20], np.array([0, 20]), STEP)
    assert np.array_equal(found[:20], earlier)


def test_a_window_is_an_odd_number_of_rows():
    with pytest.raises(ValueError, match="window is 4; it must be an odd number of rows, at least 3"):
        savgol_velocities(arm(), arm_motion(20)["qpos"], np.array([0, 20]), STEP, window=4)
