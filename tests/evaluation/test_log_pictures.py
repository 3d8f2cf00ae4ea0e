"""Pictures of logs of any robot are written."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.data.logged import arm, arm_motion
from tests.training.measured import pendulum_logs

from mosim_gym.data.logs import Logs
from mosim_gym.evaluation.log_pictures import draw_logs, draw_segment, longest
from mosim_gym.mechanics.compiling import compile_robot, load_model

USUAL = {"positions", "speeds", "rate", "noise", "segment"}
PASSIVE = '<mujoco><worldbody><body><joint name="hinge"/><geom size=".1"/></body></worldbody></mujoco>'


def test_logs_are_drawn_with_what_there_is(tmp_path):
    drawn = draw_logs(pendulum_logs(4, 200), tmp_path / "pendulum")
    assert {path.stem for path in drawn} == USUAL | {"commands", "lag"}
    assert all(Image.open(path).width > 800 for path in drawn)


def test_a_robot_without_actuators_has_no_commands_and_no_lag(tmp_path):
    swing = np.sin(0.1 * np.arange(60))[:, None]
    passive = compile_robot(load_model(PASSIVE), name="passive", substeps=1)
    logs = Logs(passive, swing, np.cos(0.1 * np.arange(60))[:, None], np.zeros((60, 0)), np.array([0, 60]))
    assert {path.stem for path in draw_logs(logs, tmp_path / "passive")} == USUAL


def test_the_longest_segment_is_drawn_or_that_which_is_named(tmp_path):
    motion = arm_motion(300)
    logs = Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 40, 300]))
    assert longest(logs) == 1
    assert draw_segment(logs, tmp_path / "one.png", segment=0, seconds=0.2).exists()
    with pytest.raises(IndexError, match="There is no segment 2"):
        draw_segment(logs, tmp_path / "two.png", segment=2)
