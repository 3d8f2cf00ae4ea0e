"""Starts of simulated motion lie around states of logs, or around a file's own state, and not in the ground."""

from __future__ import annotations

import numpy as np
from tests.data.logged import arm, arm_motion, cube, turning

from mosim_gym.data.logs import Logs
from mosim_gym.data.simulated_starts import LikeLogs, OwnStarts


def test_limited_joints_stay_within_their_range_and_noise_grows_with_the_spread(rng):
    motion = arm_motion(200)
    logs = Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 200]))
    rows = rng.integers(200, size=500)
    far = []
    for spread in (0.1, 1.0, 10.0):
        qpos, qvel = LikeLogs(logs.robot, logs, spread)(rng, rows)
        assert (qvel >= logs.qvel.min(0)).all()
        assert (qvel <= logs.qvel.max(0)).all()
        low, high = logs.robot.joints.range[1]
        assert low <= qpos[:, 1].min() < qpos[:, 1].max() <= high
        far.append(np.abs(qpos - logs.qpos[rows]).mean())
    assert 0 < far[0] < far[1] < far[2]


def test_the_starts_of_a_file_fill_the_share_of_joint_ranges(rng):
    robot = arm()
    low, high = robot.joints.range[1]
    for spread in (0.2, 1.0):
        qpos, qvel = OwnStarts(robot, robot.qpos0, spread)(rng, 2000)
        assert np.ptp(qpos[:, 1]) > 0.95 * spread * (high - low)
        assert np.ptp(qpos[:, 1]) <= spread * (high - low)
        assert np.abs(qvel).max() > spread


def test_a_body_that_would_lie_deeper_than_its_example_keeps_its_place(rng):
    qpos, qvel = turning(60)
    qpos[:, 2] = 0.09  # a corner may touch, and none lies deeper
    logs = Logs(cube(), qpos, qvel, np.zeros((60, 0)), np.array([0, 60]))
    rows = np.arange(60)
    starts, _ = LikeLogs(cube(), logs, 3.0)(rng, rows)
    np.testing.assert_allclose(np.linalg.norm(starts[:, 3:], axis=1), 1, atol=1e-12)
    assert (np.abs(starts - qpos).max(1) > 0).any()
    own, _ = OwnStarts(cube(), np.array([0, 0, 0.05, 1, 0, 0, 0.0]), 1.0)(rng, 50)
    assert (own[:, :3] == [0, 0, 0.05]).all()
    assert (own[:, 3:] == [1, 0, 0, 0]).all()  # every lean would push an edge into the ground
