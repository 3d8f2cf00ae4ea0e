"""Paths of spatial tendons are read from a model, and a damaged path is refused."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
import pytest

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.mechanics.tendon_paths import compiled_paths, pulled_tendons

XML = """<mujoco><worldbody><site name="a"/><site name="b" pos="1 0 0"/><geom name="g" size=".1"/>
  <body><joint name="j"/><geom size=".1"/><site name="c" pos="2 0 0"/></body></worldbody>
  <tendon><fixed name="f"><joint joint="j" coef="1"/></fixed>
    <spatial><site site="a"/><geom geom="g"/><site site="c"/><pulley divisor="2"/><site site="b"/><site site="c"/></spatial></tendon>
  <actuator><motor tendon="f"/><motor joint="j"/></actuator></mujoco>"""
MODEL = mujoco.MjModel.from_xml_string(XML)


def test_a_path_lists_sites_geoms_and_pulleys_in_order():
    paths = compiled_paths(MODEL, ("f", ""))
    assert paths.names == tuple(f"tendon1/{step}" for step in range(6))
    assert paths.tendon.tolist() == [1] * 6
    assert paths.site.tolist() == [0, -1, 2, -1, 1, 2]
    assert paths.geom.tolist() == [-1, 0, -1, -1, -1, -1]
    assert paths.divisor.tolist() == [0, 0, 0, 2, 0, 0]


def test_only_spatial_tendons_are_pulled():
    assert pulled_tendons(MODEL, ("f", "")) == ("", "")


@pytest.mark.parametrize(
    ("column", "row", "value"), [("site", 0, -1), ("geom", 1, 7), ("divisor", 0, 3.0), ("tendon", 0, 5), ("geom", 4, 0)]
)
def test_a_damaged_path_is_refused(tmp_path, column, row, value):
    robot = compile_robot(MODEL, name="arm", substeps=1)
    changed = getattr(robot.paths, column).copy()
    changed[row] = value
    path = dataclasses.replace(robot, paths=dataclasses.replace(robot.paths, **{column: changed})).save(
        tmp_path / "arm.safetensors"
    )
    with pytest.raises(FileFault, match=r"is damaged: paths"):
        Robot.load(path)


def test_a_robot_without_spatial_tendons_has_no_paths(tmp_path):
    plain = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><body><joint/><geom size='.1'/></body></worldbody></mujoco>"
    )
    robot = compile_robot(plain, name="plain", substeps=1)
    assert len(Robot.load(robot.save(tmp_path / "plain.safetensors")).paths) == 0
    assert np.array_equal(robot.paths.tendon, np.zeros(0))
