"""A shove changes velocities as an impulse does in MuJoCo."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.dynamics.shove import Shove
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.compiling import load_model
from mosim_gym.mechanics.quantities import velocity
from mosim_gym.robots import find_robot, load_robot


@pytest.mark.parametrize("name", ["cheetah", "humanoid", "acrobot", "fish"])
def test_the_jump_of_velocities_is_that_of_an_impulse_in_mujoco(name, rng):
    mujoco = pytest.importorskip("mujoco")
    robot = load_robot(name)
    model = load_model(find_robot(name).mjcf_file.read_text(encoding="utf-8"))
    data = mujoco.MjData(model)
    data.qpos[:] = robot.qpos0
    data.qpos[-3:] += rng.uniform(-0.5, 0.5, 3)[: len(data.qpos)]
    mujoco.mj_forward(model, data)
    impulses = rng.normal(size=(model.nbody - 1, 3))
    forces = np.zeros(model.nv)
    for body, impulse in enumerate(impulses, start=1):
        mujoco.mj_applyFT(model, data, impulse, np.zeros(3), data.xipos[body], body, forces)
    wanted = np.zeros((1, model.nv))
    mujoco.mj_solveM(model, data, wanted, forces[None])

    found = Shove(robot)(torch.tensor(data.qpos[None], dtype=torch.float32), torch.tensor(impulses[None]).float())
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["cheetah", "humanoid", "swimmer6"])
def test_an_impulse_adds_the_velocity_that_was_asked_for_in_its_direction(name):
    robot = load_robot(name)
    shove, qpos = Shove(robot), torch.tensor(robot.qpos0[None]).float()
    for body in range(len(robot.bodies) - 1):
        wanted = torch.zeros(1, len(robot.bodies) - 1, 3)
        wanted[0, body, 0] = 2.0
        jump = shove(qpos, shove.impulses(qpos, wanted))
        centre = ForwardKinematics(robot, {"velocity": velocity("mass", f"#{body + 1}")})(qpos, jump)["velocity"]
        assert float(centre[0, 0]) == pytest.approx(2.0, abs=1e-3)


def test_a_body_that_cannot_move_that_way_is_not_pushed():
    robot = load_robot("cartpole")
    wanted = torch.zeros(1, len(robot.bodies) - 1, 3)
    wanted[0, :, 1] = 1.0  # out of the plane
    assert torch.equal(Shove(robot).impulses(torch.tensor(robot.qpos0[None]).float(), wanted), torch.zeros_like(wanted))


def test_rows_do_not_depend_on_one_another():
    robot = load_robot("cheetah")
    shove, qpos = Shove(robot), torch.randn(3, robot.nq, generator=torch.Generator().manual_seed(0))
    impulses = torch.randn(3, len(robot.bodies) - 1, 3, generator=torch.Generator().manual_seed(1))
    together = shove(qpos, impulses)
    for row in range(3):
        torch.testing.assert_close(shove(qpos[row : row + 1], impulses[row : row + 1])[0], together[row])
