"""What motion does not depend on is found, and nothing else."""

from __future__ import annotations

import mujoco
import pytest

from mosim_gym.mechanics import Invariances
from mosim_gym.mechanics.compiling import load_model
from mosim_gym.mechanics.invariance_search import found_invariances
from mosim_gym.robots import robot_definitions

CUBE = """<mujoco><option/><worldbody><geom name="floor" type="plane" size="1 1 1"/>
  <body pos="0 0 1"><joint name="root" type="free"/><geom name="cube" type="box" size=".1 .2 .3"/></body></worldbody></mujoco>"""
FLAT = Invariances(("root.x", "root.y"), "root")


def _found(xml):
    return found_invariances(mujoco.MjModel.from_xml_string(xml))


@pytest.mark.parametrize("name", robot_definitions())
def test_they_are_those_that_the_packaged_robots_declare(name):
    definition = robot_definitions()[name]
    assert found_invariances(load_model(definition.mjcf_file.read_text())) == definition.invariances


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("", "", FLAT),
        ('<geom name="floor" type="plane" size="1 1 1"/>', "", Invariances(("root.x", "root.y", "root.z"), "root")),
        ("<option/>", '<option gravity="1 0 -9"/>', Invariances(("root.x", "root.y"), None)),
        ('size="1 1 1"', 'size="1 1 1" euler="0 20 0"', Invariances(("root.y",), None)),
        ("<worldbody>", '<worldbody><geom type="box" size="1 1 1" pos="30 0 0"/>', Invariances()),
        ("<worldbody>", '<worldbody><body><freejoint name="other"/><geom size=".1"/></body>', Invariances()),
        (
            "</mujoco>",
            '<equality><connect body1="world" body2="cube" anchor="0 0 0"/></equality></mujoco>',
            Invariances(),
        ),
        ("<option/>", '<option density="1" wind="3 0 0"/>', Invariances(("root.x", "root.y"), None)),
    ],
)
def test_what_ties_a_free_body_to_its_place_is_noticed(old, new, wanted):
    xml = CUBE.replace("<body pos", '<body name="cube" pos')
    assert _found(xml.replace(old, new, 1) if old else xml) == wanted


@pytest.mark.parametrize(
    ("joint", "wanted"),
    [
        ('type="slide" axis="1 0 0"', Invariances(("j",))),
        ('type="slide" axis="0 0 1"', Invariances()),
        ('type="slide" axis="1 0 0" limited="true" range="-9 9"', Invariances()),
        ('type="slide" axis="1 0 0" stiffness="0.01"', Invariances()),
        ('type="hinge" axis="0 0 1"', Invariances((), "j")),
        ('type="hinge" axis="0 1 0"', Invariances()),
    ],
)
def test_rails_and_turntables_are_recognised(joint, wanted):
    xml = CUBE.replace('name="root" type="free"', f'name="j" {joint}')
    assert _found(xml) == wanted
    servo = xml.replace("</mujoco>", '<actuator><position joint="j" kp="1"/></actuator></mujoco>')
    assert _found(servo) == Invariances()
