"""Contacts foreseen within a control step: exact where points move uniformly, and part of what a model is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.data.resets import reset_sampler
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.contact_features import DEEP
from mosim_gym.dynamics.features import InputFeatures
from mosim_gym.mechanics import ForwardKinematics, contact_clearance, integrate, limit_distance
from mosim_gym.robots import find_robot, load_robot


@pytest.mark.parametrize("name", ["hopper", "walker", "humanoid"])
def test_foreseen_contacts_are_those_of_uniform_motion(name):
    robot = load_robot(name)
    features = InputFeatures(robot, preset("substeps", foresight=(), ahead=2)).double()
    kinematics = ForwardKinematics(robot, features.quantities)
    states = reset_sampler("wide", find_robot(name))(np.random.default_rng(0), 200)
    qpos, qvel = torch.from_numpy(states[0]), torch.zeros(200, robot.nv, dtype=torch.float64)
    qvel[:, robot.dofs.index("root.z" if name == "humanoid" else "rootz")] = -1.5
    told = features(qpos, qvel, torch.zeros(200, robot.nu, dtype=torch.float64), kinematics(qpos, qvel))
    later = integrate(robot, qpos, qvel, robot.control_step)
    points = contact_clearance(robot, kinematics(later, qvel))[0]
    count = points.shape[1] + limit_distance(robot, later).shape[1]
    touching, depth = told[:, -2 * count : -count], told[:, -count:]
    foreseen = depth[:, : points.shape[1]]
    torch.testing.assert_close(foreseen, (-points).clamp(0, 5 * DEEP), atol=1e-6, rtol=1e-5)
    clear = points.abs() > 1e-6
    assert torch.equal(touching[:, : points.shape[1]][clear] > 0, (points < 0)[clear])
    assert 0.005 < float((foreseen > 0).double().mean()) < 0.9


def test_steps_of_joint_velocities_are_told_where_dry_friction_is_asked_for(rng):
    robot = load_robot("humanoid")
    plain, rubbing = (
        InputFeatures(robot, preset("default", nonsmooth=False, friction=speeds)) for speeds in ((), (0.1, 2.0))
    )
    qpos = torch.tensor(robot.qpos0, dtype=torch.float32).expand(3, -1)
    qvel = torch.from_numpy(rng.normal(size=(3, robot.nv))).float()
    state = qpos, qvel, torch.zeros(3, robot.nu), {}
    end = plain.position_size + plain.velocity_size
    hinges = robot.nv - 6
    told = rubbing(*state)[:, end : end + 2 * hinges]
    expected = torch.cat([torch.tanh(qvel[:, 6:] / speed) for speed in (0.1, 2.0)], dim=1)
    torch.testing.assert_close(told, expected)
    torch.testing.assert_close(rubbing(*state)[:, :end], plain(*state)[:, :end])
    assert rubbing.size == plain.size + 2 * hinges
