"""Encoders that jump by a whole turn."""

from __future__ import annotations

import numpy as np

import mosim_gym
from mosim_gym.data.wrapped_angles import unwrapped
from mosim_gym.robots import load_robot


def test_a_hinge_goes_on_through_the_jumps_of_its_encoder():
    angle = np.linspace(0.5, 12.0, 200)
    starts = np.array([0, 120, 200])
    wrapped = (np.mod(angle + np.pi, 2 * np.pi) - np.pi)[:, None]
    found, joints = unwrapped(load_robot("pendulum"), wrapped, starts)
    assert joints == ["hinge"]
    np.testing.assert_allclose(np.diff(found[:120, 0]), np.diff(angle[:120]), atol=1e-9)
    np.testing.assert_allclose(np.diff(found[120:, 0]), np.diff(angle[120:]), atol=1e-9)
    assert found[120, 0] == wrapped[120, 0]


def test_motion_without_jumps_and_joints_with_limits_stay_as_they_are():
    angle = np.linspace(-9.0, 9.0, 50)[:, None]
    found, joints = unwrapped(load_robot("pendulum"), angle, np.array([0, 50]))
    assert found is angle
    assert joints == []


def test_wrapped_logs_are_imported_with_true_speeds(tmp_path):
    time = np.arange(600) / 100
    wrapped = np.mod(4 * time + np.pi, 2 * np.pi) - np.pi
    np.savez(tmp_path / "log.npz", time=time, qpos=wrapped[:, None], action=np.zeros((600, 1)))
    logs = mosim_gym.import_logs(tmp_path / "log.npz", "pendulum")
    np.testing.assert_allclose(logs.qvel, 4.0, atol=1e-6)
    assert any("whole turn" in note for note in logs.notes)
