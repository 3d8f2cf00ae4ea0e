"""Which geoms may collide: whatever MuJoCo lets collide, and nothing else."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from mosim_gym.mechanics.colliding import may_collide

XML = """<mujoco><worldbody><geom name="floor" type="plane" size="1 1 1"/>
  <body name="a"><joint type="hinge" axis="0 1 0"/><geom name="a" size=".3"/>
    <body name="b"><joint type="hinge" axis="0 1 0"/><geom name="b" size=".3"/>
      <body name="c"><joint type="hinge" axis="0 1 0"/><geom name="c" size=".3"/><geom name="look" size=".3" contype="0" conaffinity="0"/>
      </body></body></body>
  <body name="d"><freejoint/><geom name="d" size=".3"/></body>
  <body name="e"><freejoint/><geom name="e" size=".3" contype="0" conaffinity="0"/></body></worldbody>
  <contact><exclude body1="a" body2="d"/><pair geom1="b" geom2="e"/></contact></mujoco>"""


@pytest.mark.parametrize("option", ["", '<flag filterparent="disable"/>', '<flag contact="disable"/>'])
def test_the_geoms_that_may_collide_are_those_that_mujoco_lets_collide(option):
    model = mujoco.MjModel.from_xml_string(XML.replace("<worldbody>", f"<option>{option}</option><worldbody>", 1))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)  # all of them overlap at the origin
    touched = np.zeros((model.ngeom, model.ngeom), bool)
    for contact in data.contact:
        first, second = contact.geom
        touched[first, second] = touched[second, first] = True
    np.testing.assert_array_equal(may_collide(model), touched)
