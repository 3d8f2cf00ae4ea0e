"""Logs as tensors: every control step once, with the commands before it."""

from __future__ import annotations

import numpy as np
import torch
from tests.data.logged import arm, arm_motion

from mosim_gym.data.logs import Logs
from mosim_gym.training.log_motion import LogMotion

LENGTHS = np.array([4, 10, 3])


def _logs():
    motion = arm_motion(LENGTHS.sum() + 3)
    rows = len(motion["qpos"])
    motion["action"] = np.stack((np.arange(rows), -np.arange(rows)), axis=1).astype(float)
    return Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.concatenate(([0], np.cumsum(LENGTHS + 1))))


def test_every_control_step_is_there_once_with_what_it_did():
    logs = _logs()
    steps = LogMotion(logs.robot, logs, 0).steps
    assert len(steps.qpos) == logs.transitions
    rate = np.concatenate([np.diff(segment.qvel, axis=0) for segment in logs]) / logs.control_step
    np.testing.assert_allclose(steps.acceleration.numpy(), rate, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(steps.action[:, 0].numpy(), np.concatenate([s.actions[:, 0] for s in logs]))


def test_commands_before_stay_within_their_segment():
    logs = _logs()
    action = LogMotion(logs.robot, logs, 2).steps.action
    assert action[0].tolist() == [0, 0, 0, 0, 0, 0]
    assert action[3].tolist() == [1, -1, 2, -2, 3, -3]
    assert action[4].tolist() == [5, -5, 5, -5, 5, -5]
    assert action[5].tolist() == [5, -5, 5, -5, 6, -6]


def test_windows_stay_within_their_segment():
    logs = _logs()
    motion = LogMotion(logs.robot, logs, 1)
    assert motion.starts(4).tolist() == [0, *range(4, 11)]
    drawn = motion.drawn(4, 50, torch.Generator().manual_seed(0))
    assert drawn.qpos.shape == (50, 4, 2)
    assert (drawn.action[:, 1:, 2] - drawn.action[:, :-1, 2] == 1).all()
    assert motion.drawn(1, 7, torch.Generator()).qpos.shape == (7, 2)
    assert motion.spread(4, 7, 3).qpos.shape == (6, 4, 2)


def test_windows_are_no_longer_than_segments_allow():
    motion = LogMotion(arm(), _logs(), 0)
    assert motion.longest(3) == 3
    assert motion.longest(100) <= 10
