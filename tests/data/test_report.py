"""The report of logs says what is wrong with them, and what to do."""

from __future__ import annotations

import numpy as np
import pytest
from tests.data.logged import arm, arm_motion, cube, turning

from mosim_gym.data.log_quality import implied_steps
from mosim_gym.data.logs import Logs


def logs_of(**changed):
    motion = {**arm_motion(400), **changed}
    return Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 150, 400]))


def about(report, name):
    return next(finding for finding in report.findings if finding.about == name)


def test_the_report_counts_motion_and_advises_more():
    report = logs_of().report()
    assert about(report, "motion").found.startswith(
        "2 segments of 1.49 to 2.49 s, 4.0 s in all, 400 rows every 10 ms (100 Hz)"
    )
    assert about(report, "motion").advice.startswith("Record more")
    assert about(report, "units").advice == ""
    assert str(report).count("→") == len(report.advice)


def test_a_joint_that_never_moves_and_a_command_that_never_changes_are_named():
    motion = arm_motion(400)
    motion["qpos"][:, 1] = motion["qvel"][:, 1] = motion["action"][:, 1] = 0.3
    motion["qvel"][:, 1] = 0
    report = logs_of(**motion).report()
    assert about(report, "joints").advice == "Move elbow: a model learns nothing of a joint that never moves."
    assert about(report, "commands").advice.startswith("Vary the command of elbow_motor: it never changes")


def test_rounding_errors_are_not_printed(rng):
    motion = arm_motion(400)
    dust = {name: motion[name] * [1, 1e-17] for name in ("qpos", "qvel", "action")}
    said = str(logs_of(**dust).report())
    assert "elbow 0.00 … 0.00, up to 0/s" in said
    assert "elbow_motor 0 … 0" in said
    assert "e-" not in said
    still = logs_of(**{name: 0 * motion[name] + 1e-17 * rng.normal(size=motion[name].shape) for name in dust})
    assert about(still.report(), "noise").found == "none on the velocities"
    assert about(still.report(), "noise").advice == ""


def test_units_noise_duplicates_and_outliers_are_found(rng):
    qvel = arm_motion(400)["qvel"]
    assert "the velocity of shoulder is 2.00 times" in about(logs_of(qvel=2 * qvel).report(), "units").found
    noisy = about(logs_of(qvel=qvel + rng.normal(0, 0.2, qvel.shape)).report(), "noise")
    assert float(noisy.found.split()[1]) == pytest.approx(0.2, rel=0.3)
    assert noisy.advice.startswith("Learn from windows of several steps")
    qpos = arm_motion(400)["qpos"]
    held = np.repeat(qpos[::2], 2, axis=0)
    assert about(logs_of(qpos=held).report(), "duplicates").advice.startswith("Import at a lower rate")
    jump = qpos.copy()
    jump[200, 0] += 0.5
    assert "the worst is row 49 of segment 1" in about(logs_of(qpos=jump).report(), "outliers").found
    twice = logs_of().subset([0, 1, 0])
    assert about(twice.report(), "duplicates").advice.startswith("Leave the copies out")


def test_contacts_and_limits_are_shares_of_rows():
    qpos, qvel = turning(100)
    report = Logs(cube(), qpos, qvel, np.zeros((100, 0)), np.array([0, 100])).report()
    assert report.lag is None
    share = float(about(report, "contacts").found.split()[0])
    assert 0 < share < 50
    assert about(report, "contacts").advice.startswith("Check shapes")  # it falls through the ground
    assert "0 % of the rows have a joint at its limit" in about(logs_of().report(), "limits").found


def test_positions_and_velocities_imply_the_time_from_row_to_row():
    motion = arm_motion(400)
    np.testing.assert_allclose(implied_steps(logs_of()), 0.01, rtol=0.02)
    held = logs_of(qpos=np.repeat(motion["qpos"][::2], 2, axis=0))
    steps = implied_steps(held)
    assert (np.abs(steps) < 1e-9).mean() == pytest.approx(0.5, abs=0.1)
    assert np.median(steps[steps > 1e-9]) == pytest.approx(0.02, rel=0.05)
