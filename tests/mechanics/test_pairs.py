"""Gaps between moving shapes and the slack of strings are MuJoCo's."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics import ForwardKinematics, integrate
from mosim_gym.mechanics.compiling import load_model
from mosim_gym.mechanics.pairs import Nearby
from mosim_gym.robots import find_robot, load_robot, robot_definitions

NAMES = [name for name, d in robot_definitions().items() if d.pairs or d.strings]


@pytest.mark.parametrize("name", NAMES)
def test_gaps_are_mujocos_and_rates_their_derivatives(name, rng):
    definition, robot = find_robot(name), load_robot(name)
    model = load_model(definition.mjcf_file.read_text())
    data = mujoco.MjData(model)
    nearby = Nearby(robot, definition.pairs, definition.strings)
    kinematics = ForwardKinematics(robot, nearby.quantities)
    qpos = robot.qpos0 + rng.normal(size=(200, robot.nq)) * rng.choice([0.1, 0.5, 1.5], (200, 1))
    for place in robot.quaternion_slices:
        qpos[:, place] /= np.linalg.norm(qpos[:, place], axis=1, keepdims=True)
    qvel = rng.normal(size=(200, robot.nv))
    near = nearby(kinematics(torch.tensor(qpos), torch.tensor(qvel)))
    for row, q in enumerate(qpos):
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_tendon(model, data)
        ends = np.zeros(6)
        wanted = [
            mujoco.mj_geomDistance(model, data, model.geom(a).id, model.geom(b).id, 100.0, ends)
            for a, b in definition.pairs
        ]
        wanted += [length - data.ten_length[i] for i, (_, _, length) in enumerate(definition.strings)]
        np.testing.assert_allclose(near.gap[row].numpy(), wanted, atol=1e-7)
    later = nearby(kinematics(integrate(robot, torch.tensor(qpos), torch.tensor(qvel), 1e-6), torch.tensor(qvel)))
    change = ((later.gap - near.gap) / 1e-6).numpy()
    np.testing.assert_allclose(np.median(np.abs(change - near.rate.numpy())), 0, atol=1e-4)
    length = near.direction.norm(dim=-1).numpy()  # less than 1 where axes cross
    assert (length < 1 + 1e-6).all()
    assert (length > 1 - 1e-6).mean() > 0.8


def test_other_shapes_are_refused():
    robot = load_robot("fish")
    with pytest.raises(ValueError, match="The geom 'torso' of 'fish' is neither a sphere nor a capsule"):
        Nearby(robot, [("torso", "mouth")], [])
