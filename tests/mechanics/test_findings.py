"""What a description does not know of a model is found, and said in one sentence each."""

from __future__ import annotations

import mujoco
import pytest

from mosim_gym.mechanics.findings import Severity, model_findings

PLAIN = """<mujoco><option/><worldbody><geom name="floor" type="plane" size="1 1 1"/><site name="peg" pos="0 0 3"/>
  <body name="arm" pos="0 0 2"><joint name="j" axis="0 1 0" damping="1"/><geom name="arm" type="capsule" size=".1 .2"/><site name="tip"/>
    <body name="hand" pos="0 0 .5"><joint name="k" axis="0 1 0"/><geom name="hand" size=".1"/>
      <body name="finger" pos="0 0 .3"><joint name="l" axis="0 1 0"/><geom name="finger" size=".1"/></body></body></body></worldbody>
  <actuator><motor name="m" joint="j" ctrlrange="-1 1"/></actuator></mujoco>"""
NOTE, OBSTACLE, FINE = Severity.NOTE, Severity.OBSTACLE, Severity.FINE
ENDS = '<site site="peg"/><site site="tip"/>'
FIXED = '<fixed name="t" limited="true" range="0 1"><joint joint="j" coef="1"/></fixed>'
PARTS = {
    "connect": ("</mujoco>", '<equality><connect body1="finger" body2="world" anchor="0 0 0"/></equality></mujoco>', NOTE),
    "joint": ("</mujoco>", '<equality><joint joint1="j" joint2="k"/></equality></mujoco>', NOTE),
    "muscle": ("<motor name", '<muscle name="s" joint="k" ctrlrange="0 1" lengthrange="0 1"/><motor name', OBSTACLE),
    "integrator": ("<motor name", '<intvelocity name="s" joint="k" kp="1" actrange="-1 1" ctrlrange="-1 1"/><motor name', OBSTACLE),
    "models of simulated motion see these forces": ("<motor name", '<position name="s" joint="k" ctrlrange="-1 1"/><motor name', FINE),
    "this is learned": ("<motor name", '<position name="s" site="tip" refsite="peg" kp="1" ctrlrange="-1 1"/><motor name', FINE),
    "without ctrlrange": (' ctrlrange="-1 1"', "", NOTE),
    "Mocap": ("<worldbody>", '<worldbody><body name="push" mocap="true"><geom size=".1"/></body>', OBSTACLE),
    "other shapes": ('<geom name="arm" type="capsule" size=".1 .2"/>', '<geom name="arm" type="box" size=".1 .1 .1"/>', NOTE),
    "no plane": ("<worldbody>", '<worldbody><geom name="wall" type="box" size="1 1 1" pos="5 0 0"/>', NOTE),
    "falls for ever": ('<geom name="floor" type="plane" size="1 1 1"/>', '<body><freejoint name="f"/><geom size=".1"/></body>', NOTE),
    "Limits of fixed tendons": ("<actuator>", f'<tendon>{FIXED}</tendon><actuator>', NOTE),
    "lever arms": ("<actuator>", f'<tendon><spatial name="t" stiffness="3">{ENDS}</spatial></tendon><actuator>', FINE),
    "gravity": ('<body name="hand"', '<body name="hand" gravcomp="1"', FINE),
    "fluid": ("<option/>", '<option density="1000"/>', FINE),
    "dry friction": ('damping="1"', 'frictionloss="1"', FINE),
    "limits of ball": ('<joint name="l" axis="0 1 0"/>', '<joint name="l" type="ball" range="0 1" limited="true"/>', NOTE),
    "delay": ('<motor name="m"', '<motor name="m" delay="0.01" nsample="6"', NOTE),
}  # fmt: skip


def test_an_ordinary_robot_needs_no_comment():
    assert model_findings(mujoco.MjModel.from_xml_string(PLAIN)) == []


def test_spatial_tendons_with_limits_or_motors_are_known():
    tendon = f'<tendon><spatial name="t" limited="true" range="0 9" stiffness="3">{ENDS}</spatial></tendon>'
    xml = PLAIN.replace("<actuator>", f'{tendon}<actuator><motor name="pull" tendon="t" ctrlrange="-1 0"/>')
    assert model_findings(mujoco.MjModel.from_xml_string(xml)) == []


@pytest.mark.parametrize(("said", "part"), PARTS.items(), ids=PARTS)
def test_each_thing_that_is_not_known_is_one_sentence(said, part):
    old, new, severity = part
    assert old in PLAIN
    found = model_findings(mujoco.MjModel.from_xml_string(PLAIN.replace(old, new)))
    (finding,) = [finding for finding in found if said.lower() in finding.sentence.lower()]
    assert finding.severity is severity
    assert finding.sentence.endswith(".")
    assert finding.sentence.count(". ") == 0


def test_obstacles_come_first_and_a_file_without_joints_is_one():
    xml = PLAIN.replace("<motor name", '<muscle name="s" joint="k" lengthrange="0 1"/><motor name')
    assert model_findings(mujoco.MjModel.from_xml_string(xml))[0].severity is OBSTACLE
    (nothing,) = model_findings(
        mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
    )
    assert nothing.severity is OBSTACLE
    assert "nothing moves" in nothing.sentence
