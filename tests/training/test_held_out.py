"""Errors on held-out windows, beside holding still."""

from __future__ import annotations

import pytest
import torch
from tests.training.measured import pendulum_logs
from tests.training.small import SMALL

from mosim_gym.dynamics.control_step import Motion
from mosim_gym.training.held_out import LARGEST, held_out_error
from mosim_gym.training.log_motion import LogMotion


class Told:
    """Says what it is told to, step after step."""

    config = SMALL

    def __init__(self, robot, motions):
        self.robot, self._motions = robot, iter(motions)

    def __call__(self, qpos, qvel, action, values):
        return next(self._motions)


def test_the_truth_has_no_error_and_what_runs_away_hides_no_other_window():
    logs = pendulum_logs(segments=2, steps=30)
    windows = LogMotion(logs.robot, logs, 0).spread(6, 20, 1)
    known = [Motion(windows.acceleration[:, k], windows.drift[:, k]) for k in range(6)]
    assert held_out_error(Told(logs.robot, known), windows, lambda q, v: {}) < 1e-4
    one = [motion._replace(acceleration=motion.acceleration.clone()) for motion in known]
    one[0].acceleration[0] = torch.nan
    assert held_out_error(Told(logs.robot, one), windows, lambda q, v: {}) == pytest.approx(LARGEST / 20, rel=1e-3)
