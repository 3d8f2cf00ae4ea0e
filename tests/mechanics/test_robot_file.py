"""Robots from files: what of the file is kept, and how long its steps are."""

from __future__ import annotations

import warnings

import mujoco
import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.mechanics import ForwardKinematics, contact_clearance, contact_quantities, position
from mosim_gym.mechanics.robot_file import RobotFileNote
from mosim_gym.mechanics.storage import FileFault

CUBE = "".join(f"v {x} {y} {z}\n" for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)) + (
    "f 1 2 4\nf 1 4 3\nf 5 7 8\nf 5 8 6\nf 1 5 6\nf 1 6 2\nf 3 4 8\nf 3 8 7\nf 1 3 7\nf 1 7 5\nf 2 6 8\nf 2 8 4\n"
)
LEG = """<mujoco model="Leg (v2)"><option timestep="0.002"/><compiler meshdir="meshes"/>
  <default><default class="look"><geom type="mesh" contype="0" conaffinity="0" density="500"/></default></default>
  <asset><mesh name="cube" file="cube.obj" scale=".1 .1 .2"/></asset>
  <worldbody><geom name="floor" type="plane" size="1 1 1"/><include file="leg.xml"/></worldbody>
  <actuator><motor name="hip" joint="hip" ctrlrange="-1 1"/></actuator></mujoco>"""
PART = """<mujoco><body name="base" pos="0 0 1"><freejoint name="root"/><geom class="look" mesh="cube"/>
  <body name="foot" pos="0 0 -.5"><joint name="hip" axis="0 1 0" range="-60 60"/>
    <geom name="sole" type="mesh" mesh="cube" pos=".1 0 0" euler="0 30 0" mass="0.2"/><geom class="look" mesh="cube" density="0"/>
    <geom name="heel" type="sphere" size=".05" mass=".1"/></body></body></mujoco>"""


def _leg(folder):
    (folder / "meshes").mkdir()
    (folder / "meshes" / "cube.obj").write_text(CUBE)
    (folder / "leg.xml").write_text(PART)
    path = folder / "scene.xml"
    path.write_text(LEG)
    return path


def test_a_robot_with_includes_defaults_and_meshes_is_described(tmp_path):
    path = _leg(tmp_path)
    robot, model = mosim_gym.Robot.from_file(path, timestep=0.02), mujoco.MjModel.from_xml_path(str(path))
    assert (robot.name, robot.nq, robot.nu, robot.substeps, robot.control_step) == ("leg_v2", 8, 1, 10, 0.02)
    assert robot.geoms.names == ("floor", "sole", "heel")
    assert robot.invariances == mosim_gym.mechanics.Invariances(("root.x", "root.y"), "root")
    # masses and inertias of meshes that are left out stay
    np.testing.assert_array_equal(robot.bodies.mass, model.body_mass)
    np.testing.assert_array_equal(robot.bodies.inertia, model.body_inertia)
    np.testing.assert_array_equal(robot.bodies.ipos, model.body_ipos)
    np.testing.assert_array_equal(robot.bodies.iquat, model.body_iquat)
    assert robot.bodies.mass[1] == pytest.approx(500 * 0.2 * 0.2 * 0.4)


def test_its_contact_points_touch_the_ground_where_mujoco_says(tmp_path, rng):
    path = _leg(tmp_path)
    robot, model = mosim_gym.Robot.from_file(path), mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    assert {name.partition("/")[0] for name in robot.contacts.names} == {"sole", "heel"}
    assert [robot.geoms.names[geom] for geom in robot.contacts.geom[[0, -1]]] == ["sole", "heel"]
    kinematics = ForwardKinematics(robot, {**contact_quantities(robot), "heel": position("geom", "heel")})
    for _ in range(50):
        qpos = robot.qpos0 + rng.normal(size=robot.nq) * 0.5
        qpos[3:7] /= np.linalg.norm(qpos[3:7])
        data.qpos[:] = qpos
        mujoco.mj_forward(model, data)
        values = kinematics(torch.from_numpy(qpos)[None], torch.zeros(1, robot.nv, dtype=torch.float64))
        np.testing.assert_allclose(values["heel"][0].numpy(), data.geom("heel").xpos, atol=1e-12)
        gap = contact_clearance(robot, values)[0][0].numpy()
        for name in ("sole", "heel"):
            rows = [row for row, contact in enumerate(robot.contacts.names) if contact.startswith(name)]
            distance = mujoco.mj_geomDistance(model, data, model.geom("floor").id, model.geom(name).id, 100.0, None)
            if distance > 1e-3:
                assert gap[rows].min() == pytest.approx(distance, abs=1e-5)


@pytest.mark.parametrize(
    ("timestep", "steps"),
    [
        (None, (0.002, 1, "Euler")),
        (0.002, (0.002, 1, "Euler")),
        (0.01, (0.002, 5, "Euler")),
        (0.005, (0.005, 1, "continuous")),
        (0.001, (0.001, 1, "continuous")),
        (1 / 30, (1 / 30, 1, "continuous")),
    ],
)
def test_any_control_step_will_do(timestep, steps, tmp_path):
    robot = mosim_gym.Robot.from_file(_leg(tmp_path), timestep=timestep)
    assert (robot.physics_step, robot.substeps, robot.integrator) == steps


@pytest.mark.parametrize("timestep", [0, -0.01, float("nan"), "0.02", 1e9])
def test_a_control_step_that_is_no_time_is_refused(timestep, tmp_path):
    with pytest.raises(ValueError, match=r"timestep is .* it must be the control step in s"):
        mosim_gym.Robot.from_file(_leg(tmp_path), timestep=timestep)


def test_the_name_may_be_given(tmp_path):
    assert mosim_gym.Robot.from_file(_leg(tmp_path), name="my_leg").name == "my_leg"
    with pytest.raises(ValueError, match="'My leg' cannot be a robot's name; use lower-case letters"):
        mosim_gym.Robot.from_file(tmp_path / "scene.xml", name="My leg")


def test_what_hides_from_the_state_is_refused_and_what_does_not_is_a_warning(tmp_path):
    xml = """<mujoco><worldbody><body><joint name="j"/><geom size=".1"/></body></worldbody>
      <actuator><general name="m" joint="j" {}/></actuator></mujoco>"""
    path = tmp_path / "arm.xml"
    path.write_text(xml.format('dyntype="filter" dynprm="0.1"'))
    with pytest.raises(
        FileFault, match=r'cannot be learned: Actuators have states of their own \(filter\).*dyntype="none" to m'
    ):
        mosim_gym.Robot.from_file(path)
    path.write_text(xml.format(""))
    with pytest.warns(RobotFileNote, match="Actuators without ctrlrange"):
        assert mosim_gym.Robot.from_file(path).name == "arm"
    path.write_text(xml.format('ctrlrange="-1 1"'))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mosim_gym.Robot.from_file(path)


def test_cylinders_and_ellipsoids_touch_by_points_of_their_surface(tmp_path):
    path = tmp_path / "roll.xml"
    path.write_text("""<mujoco><worldbody><geom type="plane" size="1 1 1"/>
      <body pos="0 0 1"><freejoint/><geom name="drum" type="cylinder" size=".2 .1"/></body></worldbody></mujoco>""")
    points = mosim_gym.Robot.from_file(path).contacts.pos
    assert len(points) == 32
    np.testing.assert_allclose(np.linalg.norm(points[:, :2], axis=1), 0.2)
    np.testing.assert_allclose(np.abs(points[:, 2]), 0.1)
