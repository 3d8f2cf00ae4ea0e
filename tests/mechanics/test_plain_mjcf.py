"""Of a model with meshes and muscles remains what moves, with motors."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from mosim_gym.mechanics.plain_mjcf import plain_mjcf, spec_of_file

XML = """<mujoco><compiler angle="radian"/><default><default class="bone"><geom material="white"/></default></default>
  <asset><material name="white"/><mesh name="box" vertex="0 0 0 .3 0 0 0 .1 0 0 0 .2 .3 .1 .2"/></asset>
  <worldbody><geom name="floor" type="plane" size="1 1 1"/><site name="peg" pos=".1 0 .3"/><site name="unused"/>
    <body name="decor"><geom class="bone" type="mesh" mesh="box"/></body>
    <body name="arm" pos="0 0 1" childclass="bone"><joint name="j" axis="0 1 0" damping=".5" range="0 2"/>
      <geom type="mesh" mesh="box"/><geom size=".05" pos=".2 0 0"/><site name="tip" pos=".2 0 .1"/></body></worldbody>
  <tendon><spatial name="t"><site site="peg"/><site site="tip"/></spatial></tendon>
  <actuator><muscle name="pull" tendon="t" force="200" lengthrange=".1 2"/>
    <motor name="m" joint="j" gear="3" ctrlrange="-1 1"/></actuator></mujoco>"""


@pytest.fixture
def models(tmp_path):
    (tmp_path / "arm.xml").write_text(XML)
    text = plain_mjcf(spec_of_file(tmp_path / "arm.xml"), strength=0.1)
    return mujoco.MjModel.from_xml_string(XML), mujoco.MjModel.from_xml_string(text), text


def test_inertias_are_those_of_the_meshes_which_are_gone(models):
    before, after, text = models
    assert after.nmesh == 0
    assert "mesh" not in text
    assert "material" not in text
    inertia = [np.zeros((1, 1)) for _ in models[:2]]
    for model, matrix in zip((before, after), inertia, strict=True):
        data = mujoco.MjData(model)
        data.qpos[:] = 0.7
        mujoco.mj_forward(model, data)
        mujoco.mj_fullM(model, data, matrix)
    np.testing.assert_allclose(inertia[1], inertia[0], rtol=1e-5)


def test_meshes_that_move_become_capsules_that_touch_nothing(models):
    _, after, _ = models
    (capsule,) = np.flatnonzero(after.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE)
    assert after.geom_contype[capsule] == after.geom_conaffinity[capsule] == 0
    assert 0.02 < after.geom_size[capsule, :2].sum() < 0.3


def test_muscles_become_motors_and_motors_stay(models):
    _, after, _ = models
    assert after.na == 0
    np.testing.assert_allclose(after.actuator_gear[:, 0], [-20, 3])
    np.testing.assert_allclose(after.actuator_ctrlrange, [[0, 1], [-1, 1]])
    data = mujoco.MjData(after)
    data.ctrl[:] = [0.5, 0]
    mujoco.mj_forward(after, data)
    np.testing.assert_allclose(data.qfrc_actuator, -10 * data.ten_J.ravel()[:1], rtol=1e-6)


def test_what_is_fixed_and_no_tendon_needs_is_gone(models):
    _, after, _ = models
    assert [after.body(row).name for row in range(after.nbody)] == ["world", "arm"]
    assert [after.site(row).name for row in range(after.nsite)] == ["peg", "tip"]
    assert [after.geom(row).bodyid[0] for row in range(after.ngeom)] == [1, 1]
