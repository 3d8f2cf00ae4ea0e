"""What networks are given: observations in units of how much they vary over all that a robot can do."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.envs.spaces import observation_space
from mosim_gym.rl.learners.observations import observation_statistics


@pytest.mark.parametrize("task", ["CheetahRun", "HopperHop", "ReacherHard", "HumanoidWalk"])
def test_observations_of_all_motion_are_whitened(task):
    mean, std = observation_statistics(task)
    assert mean.shape == std.shape == observation_space(task).shape
    assert np.isfinite(mean).all()
    assert (std >= 0.1).all()
    again = observation_statistics(task)
    np.testing.assert_array_equal(mean, again[0])
    np.testing.assert_array_equal(std, again[1])
