"""Commands beyond the range of their actuator are told when logs are imported."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from tests.data.logged import ARM_XML, arm_motion

from mosim_gym.data.import_logs import import_logs
from mosim_gym.data.log_findings import LogsNote
from mosim_gym.mechanics.compiling import compile_robot, load_model


def test_commands_in_another_unit_are_a_warning_with_their_share_of_the_rows(tmp_path):
    limited = ARM_XML.replace('name="elbow_motor"', 'name="elbow_motor" ctrllimited="true" ctrlrange="-1 1"')
    robot = compile_robot(load_model(limited), name="arm", substeps=1)
    motion = arm_motion(200)
    np.savez(tmp_path / "log.npz", **motion)
    with warnings.catch_warnings():
        warnings.simplefilter("error", LogsNote)
        import_logs(tmp_path / "log.npz", robot)
    percent = np.where(np.arange(200)[:, None] < 50, -87.0, 0.5) * np.ones(2)
    np.savez(tmp_path / "log.npz", **{**motion, "action": percent})
    said = r"the commands of elbow_motor reach -87, and its range is -1 to 1: 25 % of the rows are outside\. Training clips"
    with pytest.warns(LogsNote, match=said) as warned:
        import_logs(tmp_path / "log.npz", robot)
    assert "shoulder_motor" not in str(warned[0].message)
