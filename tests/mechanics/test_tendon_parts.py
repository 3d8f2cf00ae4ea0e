"""A tendon's parts run from site to site, and begin anew behind a pulley."""

from __future__ import annotations

import mujoco

from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.mechanics.tendon_parts import (
    Part,
    acting_tendons,
    joints_above,
    limited_tendons,
    moving_body,
    tendon_name,
    tendon_parts,
)

XML = """<mujoco>
  <worldbody><site name="a"/><site name="b" pos="1 0 0"/><geom name="g" size=".1"/>
    <body name="arm"><joint/><geom size=".1"/><site name="c" pos="2 0 0"/>
      <body name="tip"><geom size=".1"/><site name="d" pos="3 0 0"/></body></body></worldbody>
  <tendon><spatial><site site="a"/><geom geom="g" sidesite="b"/><site site="c"/><pulley divisor="2"/>
    <site site="c"/><site site="d"/></spatial></tendon></mujoco>"""
ROBOT = compile_robot(mujoco.MjModel.from_xml_string(XML), name="arm", substeps=1)


def test_parts_run_from_site_to_site():
    a, b, c, d = (ROBOT.sites.index(name) for name in "abcd")
    geom = ROBOT.geoms.index("g")
    assert tendon_parts(ROBOT, [0]) == [Part(0, a, c, geom, b, 1.0), Part(0, c, d, -1, -1, 2.0)]


def test_a_body_without_joints_is_moved_by_the_one_above():
    assert moving_body(ROBOT, ROBOT.bodies.index("tip")) == ROBOT.bodies.index("arm")
    assert moving_body(ROBOT, 0) == 0
    assert joints_above(ROBOT)[:, 0].tolist() == [False, True, True]


MANY = """<mujoco><worldbody><site name="a"/><site name="b" pos="1 0 0"/>
    <body><joint name="j"/><geom size=".1"/><site name="c" pos="2 0 0"/></body></worldbody>
  <tendon><spatial name="pulled"><site site="a"/><site site="c"/></spatial>
    <spatial limited="true" range="0 9"><site site="b"/><site site="c"/></spatial>
    <spatial name="still" limited="true" range="0 9"><site site="a"/><site site="b"/></spatial>
    <spatial name="looks"><site site="a"/><site site="c"/></spatial>
    <fixed name="fixed" limited="true" range="0 9"><joint joint="j" coef="2"/></fixed></tendon>
  <actuator><motor tendon="pulled"/><motor joint="j"/><motor tendon="fixed"/></actuator></mujoco>"""


def test_tendons_act_that_are_pulled_or_limited_and_that_joints_move():
    robot = compile_robot(mujoco.MjModel.from_xml_string(MANY), name="many", substeps=1)
    assert acting_tendons(robot) == ("pulled", "#1")
    assert limited_tendons(robot, ("pulled", "#1")) == ("#1",)
    assert tendon_name(robot, 1) == "#1"
    assert robot.pulled == ("pulled", "", "")
