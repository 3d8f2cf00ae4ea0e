"""The equations of motion from a robot's description are MuJoCo's."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch
from tests.data.logged import ARM_XML, CUBE_XML

from mosim_gym.dynamics.rigid_bodies import RigidBodies
from mosim_gym.mechanics.compiling import compile_robot, load_model
from mosim_gym.robots import find_robot

PENDULUM_ON_A_BALL = """<mujoco><compiler angle="degree"/><worldbody>
<body pos="0 .1 1" quat="1 .2 .3 0"><joint type="slide" axis="1 0 1"/><joint type="hinge" axis="0 1 .2" pos="0 .1 0" ref="20"/>
<joint type="hinge" axis="1 0 0" pos=".1 0 0" armature=".1"/><geom type="box" size=".1 .2 .3" pos=".1 0 0" euler="10 20 30"/>
<body pos=".3 0 0"><joint type="ball" pos="0 0 .1"/><geom type="capsule" size=".1 .2" pos="0 .1 .1" euler="40 0 10"/>
<body pos="0 0 .2"><joint type="slide" axis="0 1 1" ref=".1"/><geom type="sphere" size=".1"/></body></body></body>
<body pos="0 0 2"><freejoint/><geom type="box" size=".1 .2 .3" pos=".1 .05 0"/>
<body pos="0 .2 0"><joint axis="0 0 1" pos=".1 0 0"/><geom type="box" size=".1 .1 .3" pos=".1 .05 0"/></body></body>
</worldbody></mujoco>"""


def _model(name):
    texts = {"arm": ARM_XML, "cube": CUBE_XML, "mixed": PENDULUM_ON_A_BALL}
    return load_model(texts[name] if name in texts else find_robot(name).mjcf_file.read_text())


@pytest.mark.parametrize("name", ["arm", "cube", "mixed", "cheetah", "humanoid"])
def test_inertia_and_bias_equal_mujocos(name):
    model = _model(name)
    robot = compile_robot(model, name=name, substeps=1)
    rng, data = np.random.default_rng(0), mujoco.MjData(model)
    qpos, qvel = np.zeros((4, robot.nq)), rng.normal(size=(4, robot.nv)) * 3
    inertia, bias = np.zeros((4, robot.nv, robot.nv)), np.zeros((4, robot.nv))
    for row in range(4):
        data.qpos[:] = robot.qpos0
        mujoco.mj_integratePos(model, data.qpos, rng.normal(size=robot.nv), 1.0)
        data.qvel[:] = qvel[row]
        mujoco.mj_forward(model, data)
        qpos[row], bias[row] = data.qpos, data.qfrc_bias
        for dof, unit in enumerate(np.eye(robot.nv)):
            mujoco.mj_mulM(model, data, inertia[row, dof], unit)
    ours = RigidBodies(robot).double()
    found_inertia, found_bias = ours(torch.from_numpy(qpos), torch.from_numpy(qvel))
    scale = np.abs(inertia).max()
    np.testing.assert_allclose(found_inertia, inertia, atol=1e-6 * scale)  # constants are float32
    np.testing.assert_allclose(found_bias, bias, atol=2e-6 * np.abs(bias).max())
    force = torch.from_numpy(rng.normal(size=(4, robot.nv)))
    state = torch.from_numpy(qpos), torch.from_numpy(qvel)
    torch.testing.assert_close(ours.force(*state, ours.acceleration(*state, force)), force, rtol=1e-6, atol=1e-6)


def test_equations_have_any_leading_axes():
    robot = compile_robot(_model("mixed"), name="mixed", substeps=1)
    equations, rng = RigidBodies(robot), torch.Generator().manual_seed(0)
    qpos, qvel = torch.randn(2, 3, robot.nq, generator=rng), torch.randn(2, 3, robot.nv, generator=rng)
    inertia, bias = equations(qpos, qvel)
    one_inertia, one_bias = equations(qpos[1, 2], qvel[1, 2])
    torch.testing.assert_close(inertia[1, 2], one_inertia, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(bias[1, 2], one_bias, rtol=1e-4, atol=1e-3)
