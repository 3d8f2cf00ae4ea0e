"""Pairs of shapes that a model should see are those that do touch."""

from __future__ import annotations

from mosim_gym.mechanics.compiling import compile_mjcf
from mosim_gym.mechanics.pair_search import proposed_pairs

TWO_ARMS = """<mujoco><worldbody>
  <body name="left"><joint name="l" type="hinge" axis="0 1 0" limited="true" range="-80 80"/>
    <geom name="left" type="capsule" fromto="0 0 0 0 0 1" size=".05"/></body>
  <body name="right" pos="{gap} 0 0"><joint name="r" type="hinge" axis="0 1 0" limited="true" range="-80 80"/>
    <geom name="right" type="capsule" fromto="0 0 0 0 0 1" size=".05"/>
    <body name="hand" pos="0 0 1"><joint name="h" type="hinge" axis="0 1 0" limited="true" range="-6 6"/>
      <geom type="sphere" size=".05"/></body></body></worldbody></mujoco>"""


def _pairs(gap):
    one = '<body name="base"><joint type="slide"/><geom size=".01" contype="0" conaffinity="0"/>{}</body>'
    inner = TWO_ARMS.format(gap=gap)
    start, end = inner.index("<body"), inner.index("</worldbody>")
    xml = inner[:start] + one.format(inner[start:end]) + inner[end:]
    return proposed_pairs(compile_mjcf(xml, name="arms", control_step=0.002))


def test_pairs_that_touch_in_some_states_are_proposed_and_neighbours_are_not():
    assert set(_pairs(1.0)) == {("left", "right"), ("left", "#3")}


def test_pairs_that_never_meet_are_not_proposed():
    assert _pairs(5.0) == ()


def test_separate_objects_are_proposed_wherever_they_start():
    xml = TWO_ARMS.format(gap=5.0)
    assert set(proposed_pairs(compile_mjcf(xml, name="arms", control_step=0.002))) == {
        ("left", "right"),
        ("left", "#2"),
    }
    assert len(proposed_pairs(compile_mjcf(xml, name="arms", control_step=0.002), most=1)) == 1
