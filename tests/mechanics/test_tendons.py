"""Lengths of spatial tendons, their rates and how they pull are MuJoCo's, with every kind of joint."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics import ForwardKinematics, Robot, integrate
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.mechanics.tendons import SpatialTendons

XML = """<mujoco><worldbody>
  <site name="a" pos="0 0 1"/><site name="b" pos=".1 .2 1"/>
  <body name="ship" pos="0 .2 .5"><freejoint name="root"/><geom size=".1" contype="0"/>
    <site name="bow" pos=".1 0 .05"/><site name="stern" pos="-.2 0 0"/>
    <body name="mast" pos="0 0 .1"><joint name="ball" type="ball" pos=".01 .02 0"/>
      <geom size=".1" contype="0"/><site name="top" pos="0 .1 .3"/>
      <body name="boom" pos="0 0 .2"><joint name="slide" type="slide" axis="1 2 0"/><joint name="turn" axis="1 0 1" pos=".02 0 .01"/>
        <geom size=".1" contype="0"/><site name="end" pos=".3 0 .1"/></body></body></body></worldbody>
  <tendon>
    <spatial name="sheet"><site site="a"/><site site="b"/><site site="bow"/><site site="stern"/><site site="end"/></spatial>
    <spatial name="halyard" limited="true" range=".1 2"><site site="bow"/><site site="top"/><pulley divisor="2"/><site site="top"/>
      <site site="end"/><pulley divisor="4"/><site site="a"/><site site="end"/></spatial>
    <spatial name="still" limited="true" range="0 2"><site site="a"/><site site="b"/></spatial>
    <spatial name="looks"><site site="a"/><site site="end"/></spatial>
    <fixed name="fixed"><joint joint="turn" coef="2"/></fixed>
  </tendon>
  <actuator><motor name="winch" tendon="sheet" gear="-3"/><motor name="hoist" tendon="halyard" gear="2"/><motor name="m" joint="turn"/>
    <motor name="f" tendon="fixed"/></actuator>
</mujoco>"""
STATES = 100


@pytest.fixture(scope="module")
def model():
    return mujoco.MjModel.from_xml_string(XML)


@pytest.fixture(scope="module")
def robot(model):
    return compile_robot(model, name="ship", substeps=1)


@pytest.fixture
def states(robot, rng):
    qvel = torch.tensor(rng.normal(size=(STATES, robot.nv)))
    return integrate(
        robot, torch.tensor(robot.qpos0).expand(STATES, -1), torch.tensor(rng.normal(size=(STATES, robot.nv))), 1.0
    ), qvel


def _truth(model, qpos, qvel, control):
    """Lengths, rates, moment arms, and the joint forces of the actuators that pull spatial tendons."""
    data, found = mujoco.MjData(model), []
    for q, v in zip(qpos.numpy(), qvel.numpy(), strict=True):
        data.qpos[:], data.qvel[:], data.ctrl[:] = q, v, [*control, 0, 0]
        mujoco.mj_forward(model, data)
        dense = np.zeros((model.ntendon, model.nv))
        mujoco.mju_sparse2dense(dense, data.ten_J.ravel(), model.ten_J_rownnz, model.ten_J_rowadr, model.ten_J_colind)
        found.append((data.ten_length.copy(), data.ten_velocity.copy(), dense, data.qfrc_actuator.copy()))
    return [np.array(part) for part in zip(*found, strict=True)]


def test_lengths_rates_moment_arms_and_forces_are_mujocos(model, robot, states):
    qpos, qvel = states
    length, rate, arms, forces = _truth(model, qpos, qvel, (0.7, -0.4))
    tendons = SpatialTendons(robot).double()
    assert tendons.names == ("sheet", "halyard")
    values = ForwardKinematics(robot, tendons.quantities)(qpos, qvel)
    found = tendons(values)
    np.testing.assert_allclose(found.length, length[:, :2], atol=1e-6)
    np.testing.assert_allclose(found.rate, rate[:, :2], atol=1e-6)
    np.testing.assert_allclose(tendons.moment_arms(values, found.pull), arms[:, :2], atol=1e-6)
    control = torch.tensor([0.7, -0.4, 0.3, 0.1], dtype=torch.float64).expand(STATES, -1)
    np.testing.assert_allclose(tendons.joint_forces(values, found.pull, control), forces, atol=1e-6)


def test_any_batch_shape_gives_the_same_numbers(robot, states):
    tendons = SpatialTendons(robot).double()
    kinematics, control = ForwardKinematics(robot, tendons.quantities), torch.ones(robot.nu, dtype=torch.float64)

    def found(qpos, qvel):
        values = kinematics(qpos, qvel)
        taut = tendons(values)
        forces = tendons.joint_forces(values, taut.pull, control.expand(*qpos.shape[:-1], -1))
        return torch.cat((taut.length, taut.rate, forces), dim=-1)

    flat = found(*states)
    folded = found(*(part.reshape(4, 5, 5, -1) for part in states))
    torch.testing.assert_close(folded.reshape(flat.shape), flat)
    torch.testing.assert_close(found(*(part[3] for part in states)), flat[3])


def test_tendons_that_no_joint_moves_are_refused_and_unknown_ones_list_the_valid_ones(robot):
    with pytest.raises(ValueError, match=r"No joint of ship moves the tendon 'still'"):
        SpatialTendons(robot, ["still"])
    with pytest.raises(KeyError, match=r"Unknown tendon 'sheets'. Did you mean 'sheet'\?"):
        SpatialTendons(robot, ["sheets"])


def test_paths_survive_a_file_and_leave_the_fingerprint_alone(robot, tmp_path):
    again = Robot.load(robot.save(tmp_path / "ship.safetensors"))
    assert again.pulled == robot.pulled
    assert again.paths.names == robot.paths.names
    np.testing.assert_array_equal(again.paths.divisor, robot.paths.divisor)
    assert again.fingerprint == robot.fingerprint
