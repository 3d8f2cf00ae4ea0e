"""Motion on the configuration manifold is MuJoCo's."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch
from tests.mechanics.test_kinematics import HARD_TREE

from mosim_gym.mechanics import difference, integrate
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.truth.reference import ReferenceKinematics, suite_robot

N = 500


def _robots():
    for domain in ("cheetah", "humanoid", "quadruped"):
        yield pytest.param(lambda domain=domain: suite_robot(domain), id=domain)

    def hard():
        model = mujoco.MjModel.from_xml_string(HARD_TREE)
        return compile_robot(model, name="hard", substeps=1), model

    yield pytest.param(hard, id="every joint type")


@pytest.mark.parametrize("make", list(_robots()))
@pytest.mark.parametrize("dt", [0.0, 1e-3, 0.5])
def test_integrate_and_difference_equal_mujoco(make, dt, rng):
    robot, model = make()
    qpos, qvel = ReferenceKinematics(robot, model).random_states(rng, N)
    expected = qpos.copy()
    for row, velocity in zip(expected, qvel, strict=True):
        mujoco.mj_integratePos(model, row, velocity, dt)
    moved = integrate(robot, torch.from_numpy(qpos), torch.from_numpy(qvel), dt)
    np.testing.assert_allclose(moved.numpy(), expected, atol=1e-12)

    other, _ = ReferenceKinematics(robot, model).random_states(rng, N)
    speed = np.zeros((N, robot.nv))
    for row, a, b in zip(speed, qpos, other, strict=True):
        mujoco.mj_differentiatePos(model, row, 0.1, a, b)
    ours = difference(robot, torch.from_numpy(other), torch.from_numpy(qpos), 0.1)
    np.testing.assert_allclose(ours.numpy(), speed, atol=1e-9)


@pytest.mark.parametrize("make", list(_robots()))
def test_difference_undoes_integrate(make, rng):
    robot, model = make()
    qpos, qvel = map(torch.from_numpy, ReferenceKinematics(robot, model).random_states(rng, N, speed=1.0))
    there = integrate(robot, qpos, qvel, 0.01)
    torch.testing.assert_close(difference(robot, there, qpos, 0.01), qvel, rtol=1e-9, atol=1e-9)


def test_gradients_are_finite_at_rest(rng):
    robot, model = suite_robot("humanoid")
    qpos = torch.from_numpy(ReferenceKinematics(robot, model).random_states(rng, 4)[0]).requires_grad_()
    qvel = torch.zeros(4, robot.nv, dtype=torch.float64, requires_grad=True)
    total = integrate(robot, qpos, qvel, 0.01).sum() + difference(robot, qpos, qpos.detach(), 0.01).sum()
    for gradient in torch.autograd.grad(total, (qpos, qvel)):
        assert torch.isfinite(gradient).all()
