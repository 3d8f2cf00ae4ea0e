"""Compiling: what cannot be described is refused."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.compiling import compile_mjcf


def test_control_step_must_be_whole_physics_steps():
    xml = '<mujoco><option timestep="0.004"/><worldbody/></mujoco>'
    assert compile_mjcf(xml, name="r", control_step=0.02).substeps == 5
    with pytest.raises(ValueError, match="not a whole number of its physics steps"):
        compile_mjcf(xml, name="r", control_step=0.01)


def test_actuators_with_a_state_are_refused():
    xml = """<mujoco><worldbody><body><joint name="j" type="slide"/><geom size=".1"/></body></worldbody>
      <actuator><general joint="j" dyntype="filter" dynprm="0.1"/></actuator></mujoco>"""
    with pytest.raises(ValueError, match="actuators with internal state"):
        compile_mjcf(xml, name="r", control_step=0.002)
