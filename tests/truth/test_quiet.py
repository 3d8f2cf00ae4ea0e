"""Motion that becomes unstable is marked, not printed about."""

from __future__ import annotations

import mujoco
import numpy as np

from mosim_gym.truth.dynamics import TrueDynamics


def test_unstable_motion_is_nan_and_silent(capfd):
    truth = TrueDynamics("swimmer6")
    qpos, qvel = np.zeros((2, truth.robot.nq)), np.zeros((2, truth.robot.nv))
    qvel[1] = 1e5
    path = truth.rollout(qpos, qvel, np.zeros((2, 3, truth.robot.nu)))
    assert np.isfinite(path.qpos[0]).all()
    assert np.isnan(path.qpos[1]).any()
    assert capfd.readouterr() == ("", "")


def test_whoever_handles_the_warnings_does_so_again_afterwards():
    heard = []
    mujoco.set_mju_user_warning(heard.append)
    try:
        TrueDynamics("pendulum").rollout(np.full((1, 1), 1.0), np.full((1, 1), 1e12), np.zeros((1, 2, 1)))
        assert not heard
        assert mujoco.get_mju_user_warning() is not None
    finally:
        mujoco.set_mju_user_warning(None)
