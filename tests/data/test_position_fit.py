"""The report names positions that look like another unit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from tests.data.logged import arm, arm_motion

from mosim_gym.data.import_logs import import_logs
from mosim_gym.data.log_findings import LogsNote
from mosim_gym.data.logs import Logs

ROWS = 400


def units(qpos, qvel):
    motion = arm_motion(ROWS)
    report = Logs(arm(), qpos, qvel, motion["action"], np.array([0, 150, ROWS])).report()
    return next(finding for finding in report.findings if finding.about == "units")


def test_degrees_that_were_taken_for_radians_are_named():
    motion = arm_motion(ROWS)
    swing = units(np.degrees(motion["qpos"]) * [1, 0.02], np.degrees(motion["qvel"]) * [1, 0.02])
    assert swing.found.startswith("shoulder reaches 57.3 rad, 9 turns, at up to 172 rad/s")
    assert swing.advice == "Import again with degrees=True if angles are in degrees."
    limited = units(motion["qpos"] * [1, 6], motion["qvel"] * [1, 6])
    assert limited.found == "elbow reaches 6, beyond its range to 2.62"
    assert units(motion["qpos"] * [1, 3], motion["qvel"] * [1, 3]).advice == ""


def test_radians_that_were_taken_for_degrees_are_named_where_there_are_many_rows_and_degrees_were_given(tmp_path):
    motion = arm_motion(ROWS)
    assert units(np.radians(motion["qpos"]), np.radians(motion["qvel"])).advice == ""
    said = (
        "no hinge is ever further than 0.017 rad from zero, as if radians had been taken for degrees. Import again without degrees=True "
        "if the log has radians"
    )
    np.savez(tmp_path / "log.npz", **motion)
    with pytest.warns(LogsNote, match=said):
        import_logs(tmp_path / "log.npz", arm(), degrees=True)
    np.savez(tmp_path / "log.npz", **arm_motion(30))
    with warnings.catch_warnings():
        warnings.simplefilter("error", LogsNote)
        import_logs(tmp_path / "log.npz", arm(), degrees=True)


def test_a_wheel_may_wind_and_a_small_motion_may_be_imported(tmp_path):
    motion = arm_motion(ROWS)
    wheel = np.column_stack((60 * motion["time"], motion["qpos"][:, 1]))
    speed = np.column_stack((np.full(ROWS, 60.0), motion["qvel"][:, 1]))
    for qpos, qvel in ((wheel, speed), (0.01 * motion["qpos"], 0.01 * motion["qvel"])):
        np.savez(tmp_path / "log.npz", **{**motion, "qpos": qpos, "qvel": qvel})
        with warnings.catch_warnings():
            warnings.simplefilter("error", LogsNote)
            import_logs(tmp_path / "log.npz", arm())
