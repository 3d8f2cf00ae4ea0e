"""The frozen description: saving, loading, identity, and what happens to files that are not one."""

from __future__ import annotations

import dataclasses
import pickle  # noqa: TID251

import numpy as np
import pytest
from safetensors.numpy import save_file

from mosim_gym.mechanics import Invariances, ResetBank, Robot
from mosim_gym.mechanics.compiling import compile_mjcf
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.truth.reference import suite_robot


def test_a_saved_robot_is_the_same_robot(tmp_path):
    robot, _ = suite_robot("humanoid")
    bank = ResetBank(np.zeros((3, robot.nq), np.float32), np.ones((3, robot.nv), np.float32))
    robot = dataclasses.replace(robot, reset_banks={"run": bank}, invariances=Invariances(("root.x", "root.y"), "root"))
    loaded = Robot.load(robot.save(tmp_path / "humanoid.safetensors"))
    assert loaded.fingerprint == robot.fingerprint
    assert loaded.invariances == robot.invariances
    assert loaded.translation_indices == (0, 1)
    assert loaded.joints.names == robot.joints.names
    np.testing.assert_array_equal(loaded.geoms.pos, robot.geoms.pos)
    np.testing.assert_array_equal(loaded.reset_banks["run"].qvel, bank.qvel)


def test_equal_reset_banks_take_the_room_of_one(tmp_path):
    robot, _ = suite_robot("hopper")

    def bank(value):
        return ResetBank(np.full((500, robot.nq), value, np.float32), np.zeros((500, robot.nv), np.float32))

    one = dataclasses.replace(robot, reset_banks={"stand": bank(1)}).save(tmp_path / "one.safetensors")
    banks = {"stand": bank(1), "sit": bank(2), "hop": bank(1)}
    path = dataclasses.replace(robot, reset_banks=banks).save(tmp_path / "three.safetensors")
    assert path.stat().st_size < 2.2 * one.stat().st_size
    loaded = Robot.load(path)
    assert {name: float(kept.qpos[0, 0]) for name, kept in loaded.reset_banks.items()} == {
        "stand": 1,
        "sit": 2,
        "hop": 1,
    }


def test_fingerprint_follows_the_mechanics_and_nothing_else():
    robot, _ = suite_robot("cheetah")
    repainted = dataclasses.replace(robot.geoms, rgba=robot.geoms.rgba * 0)
    heavier = dataclasses.replace(robot.bodies, mass=robot.bodies.mass * 1.001)
    rounded = dataclasses.replace(robot.bodies, mass=robot.bodies.mass * (1 + 1e-13))
    assert dataclasses.replace(robot, geoms=repainted, name="other").fingerprint == robot.fingerprint
    assert dataclasses.replace(robot, bodies=rounded).fingerprint == robot.fingerprint
    assert dataclasses.replace(robot, bodies=heavier).fingerprint != robot.fingerprint
    assert dataclasses.replace(robot, substeps=2).fingerprint != robot.fingerprint


def test_files_that_are_not_a_robot_are_refused_in_one_sentence(tmp_path):
    with pytest.raises(FileFault, match="There is no robot file"):
        Robot.load(tmp_path / "missing.safetensors")
    pickled = tmp_path / "pickle.safetensors"
    pickled.write_bytes(pickle.dumps({"mass": 1}))
    with pytest.raises(FileFault, match="never a pickle"):
        Robot.load(pickled)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": np.zeros(3)}, foreign)
    with pytest.raises(FileFault, match="not a robot written by mosim_gym"):
        Robot.load(foreign)
    good = suite_robot("pendulum")[0].save(tmp_path / "pendulum.safetensors")
    content = good.read_bytes()
    good.write_bytes(content[:-20])
    with pytest.raises(FileFault, match="not a readable safetensors file"):
        Robot.load(good)
    good.write_bytes(content.replace(np.float64(-9.81).tobytes(), np.float64(-9.71).tobytes()))
    with pytest.raises(ValueError, match="damaged: its content does not match its seal"):
        Robot.load(good)


def test_what_a_robot_does_not_keep_is_in_its_fingerprint_all_the_same():
    xml = """<mujoco><worldbody><geom type="plane" size="1 1 1"/><body><joint name="j" type="slide"/>
      <geom size=".1" friction="1 .005 .0001"/></body></worldbody><actuator><motor joint="j"/></actuator></mujoco>"""
    plain = compile_mjcf(xml, name="r", control_step=0.002).fingerprint
    for old, new in (
        ('friction="1 ', 'friction="0.5 '),
        ("<joint ", '<joint frictionloss="0.1" '),
        ("<joint ", '<joint springref="0.1" '),
        ("<geom size", '<geom solref="0.03 1" size'),
        ("<motor ", '<position kp="100" '),
        ("<worldbody>", '<option cone="elliptic"/><worldbody>'),
    ):
        assert compile_mjcf(xml.replace(old, new), name="r", control_step=0.002).fingerprint != plain, new
    assert (
        compile_mjcf(xml.replace("<geom size", '<geom rgba="1 0 0 1" size'), name="r", control_step=0.002).fingerprint
        == plain
    )


def test_every_byte_of_a_robot_file_is_guarded(tmp_path):
    robot, _ = suite_robot("pendulum")
    bank = ResetBank(np.zeros((3, 1), np.float32), np.ones((3, 1), np.float32))
    path = dataclasses.replace(robot, reset_banks={"swingup": bank}).save(tmp_path / "pendulum.safetensors")
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileFault, match="does not match its seal"):
        Robot.load(path)


def test_controls_are_shares_of_the_actuators_ranges():
    robot = load_robot("reacher")
    low, high = robot.control_range
    shares = np.array([-np.ones(robot.nu), np.zeros(robot.nu), np.ones(robot.nu)])
    np.testing.assert_allclose(robot.controls(shares), [low, (low + high) / 2, high])


def test_quaternions_are_where_the_state_has_unit_length():
    for name, count in (("humanoid", 1), ("fish", 1), ("cheetah", 0)):
        robot = load_robot(name)
        assert len(robot.quaternion_slices) == count
        for part in robot.quaternion_slices:
            assert np.linalg.norm(robot.qpos0[part]) == pytest.approx(1)
