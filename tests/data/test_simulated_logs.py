"""The motion of the model in a robot's file, as logs of that robot."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from tests.data.logged import CUBE_XML
from tests.training.wrong_masses import ARM, arm_file

import mosim_gym
from mosim_gym.data.log_files import open_logs
from mosim_gym.mechanics.storage import FileFault

UNLIMITED = ARM.replace('ctrlrange="-1 1"', "")


def _same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("qpos", "qvel", "actions", "starts")
    )


def test_segments_are_mujocos_motion_of_the_file(tmp_path):
    path = arm_file(tmp_path)
    logs = mosim_gym.simulated_logs(path, segments=5, timestep=0.02, threads=1)
    assert (logs.robot.name, logs.control_step, len(logs)) == ("arm", 0.02, 5)
    model = mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    for segment in logs:
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:] = segment.qpos[0], segment.qvel[0]
        for action, qpos, qvel in zip(segment.actions, segment.qpos[1:], segment.qvel[1:], strict=True):
            data.ctrl[:] = action
            mujoco.mj_step(model, data, 2)
            np.testing.assert_array_equal(data.qpos, qpos)
            np.testing.assert_array_equal(data.qvel, qvel)


def test_the_seed_alone_decides_and_logs_are_saved_like_others(tmp_path):
    path = arm_file(tmp_path)
    one = mosim_gym.simulated_logs(path, seconds=2, seed=3, threads=1)
    assert one.seconds == pytest.approx(2)
    assert _same(one, mosim_gym.simulated_logs(path, seconds=2, seed=3, threads=2))
    assert not _same(one, mosim_gym.simulated_logs(path, seconds=2, seed=4))
    again = open_logs(one.save(tmp_path / "logs"))
    assert _same(one, again)
    assert set(again.sources) == {"simulation of arm.xml, seed 3"}


def test_motion_like_logs_stays_near_them(tmp_path):
    path = arm_file(tmp_path)
    like = mosim_gym.simulated_logs(path, segments=10, timestep=0.02, spread=0.1)
    exact = mosim_gym.simulated_logs(path, like, segments=40, spread=0.0, followed=1.0)
    assert exact.control_step == 0.02
    rows = {row.tobytes() for row in like.qpos}
    assert all(segment.qpos[0].tobytes() in rows for segment in exact)
    spread = mosim_gym.simulated_logs(path, like, segments=40, followed=0.0)
    assert not any(segment.qpos[0].tobytes() in rows for segment in spread)
    low, high = like.actions.min(0), like.actions.max(0)
    assert (spread.actions >= low - 0.25 * (high - low) - 1e-6).all()
    assert (spread.actions <= high + 0.25 * (high - low) + 1e-6).all()
    first = spread.qvel[spread.starts[:-1]]
    assert (first >= like.qvel.min(0)).all()
    assert (first <= like.qvel.max(0)).all()


def test_a_control_step_that_is_no_multiple_is_divided_and_said(tmp_path):
    said = []
    logs = mosim_gym.simulated_logs(arm_file(tmp_path), segments=3, timestep=0.027, report=said.append)
    assert logs.control_step == 0.027
    assert said == list(logs.notes)
    assert "in 3 physics steps of 0.009 s" in said[0]


def test_a_robot_without_actuators_tumbles_with_unit_quaternions_and_starts_above_the_ground(tmp_path):
    path = tmp_path / "cube.xml"
    path.write_text(CUBE_XML.replace('name="cube">', 'name="cube" pos="0 0 1">'))
    logs = mosim_gym.simulated_logs(path, segments=20)
    assert logs.robot.nu == 0
    np.testing.assert_allclose(np.linalg.norm(logs.qpos[:, 3:], axis=1), 1, atol=1e-12)
    fallen = [segment.qpos[-1, 2] - segment.qpos[0, 2] for segment in logs]
    assert np.mean(fallen) < -0.1
    like = mosim_gym.simulated_logs(path, logs, segments=20)
    assert like.qpos[:, 2].min() > 0


def test_unstable_segments_are_left_out_and_counted(tmp_path):
    path = tmp_path / "arm.xml"
    path.write_text(ARM.format(mass=1.0, damping=0.02).replace('timestep="0.01"', 'timestep="0.1"'))
    logs = mosim_gym.simulated_logs(path, segments=100, duration=3.0, spread=1.0)
    assert 0 < len(logs) < 100
    assert f"{100 - len(logs)} of 100 segments became unstable and were left out." in logs.notes


def test_what_cannot_be_simulated_is_one_sentence(tmp_path):
    path, unlimited = arm_file(tmp_path), tmp_path / "unlimited.xml"
    unlimited.write_text(UNLIMITED.format(mass=1.0, damping=0.1))
    for options, said in (
        ({"seconds": 1, "segments": 1}, "seconds and segments both say"),
        ({"seconds": 0}, "seconds is 0; it must be a positive number"),
        ({"segments": 0}, "segments is 0"),
        ({"spread": -1}, "spread is -1; it must be a number, at least 0"),
        ({"followed": 2}, "followed is 2; it must be a share from 0 to 1"),
        ({"seed": -1}, "seed"),
    ):
        with pytest.raises(ValueError, match=said):
            mosim_gym.simulated_logs(path, **options)
    with pytest.raises(ValueError, match=r"no control range for shoulder: write a ctrlrange, or give logs"):
        mosim_gym.simulated_logs(unlimited)
    with pytest.raises(KeyError, match=r"Valid: .*poisson"):
        mosim_gym.simulated_logs(path, actions="wild")
    with pytest.raises(TypeError, match="A Robot does not keep its file"):
        mosim_gym.simulated_logs(mosim_gym.Robot.from_file(path))
    like = mosim_gym.simulated_logs(path, segments=2)
    assert mosim_gym.simulated_logs(unlimited, like, segments=2).actions.max() < 2
    with pytest.raises(FileFault, match=r"`like` has rows every 0\.01 s"):
        mosim_gym.simulated_logs(path, like, timestep=0.02)
