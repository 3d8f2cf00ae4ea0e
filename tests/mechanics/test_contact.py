"""Clearances and limit distances, the features that make non-smooth motion learnable."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics import ForwardKinematics, contact_clearance, contact_quantities, limit_distance
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.truth.reference import suite_robot

ROOM = """
<mujoco>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 .1"/>
    <geom name="wall" type="plane" size="5 5 .1" pos="2 0 0" zaxis="-1 0 0.1"/>
    <body name="b" pos="0 0 1"><freejoint/>
      <geom name="box" type="box" size=".1 .2 .3" pos=".3 0 0" euler="10 20 30"/>
      <geom name="ball" type="sphere" size=".15" pos="-.3 0 0"/>
      <geom name="rod" type="capsule" size=".05 .3" pos="0 .3 0" euler="50 0 0"/>
      <geom name="ghost" type="sphere" size=".5" contype="0" conaffinity="0"/>
    </body>
  </worldbody>
</mujoco>
"""


def test_lowest_clearance_is_mujocos_contact_distance(rng):
    model = mujoco.MjModel.from_xml_string(ROOM)
    robot = compile_robot(model, name="room", substeps=1)
    data = mujoco.MjData(model)
    kinematics = ForwardKinematics(robot, contact_quantities(robot))
    assert not any(name.startswith("ghost") for name in robot.contacts.names)
    seen = set()
    for _ in range(300):
        data.qpos[:3] = rng.uniform((-1, -1, 0), (2, 1, 0.6))
        data.qpos[3:] = rng.normal(size=4)
        mujoco.mj_normalizeQuat(model, data.qpos)
        mujoco.mj_fwdPosition(model, data)
        values = kinematics(torch.from_numpy(data.qpos.copy()), torch.zeros(6, dtype=torch.float64))
        clearance = contact_clearance(robot, values)[0].numpy()
        for geom in {int(g) for g in robot.contacts.geom}:
            for plane in {int(p) for p in robot.contacts.plane}:
                rows = (robot.contacts.geom == geom) & (robot.contacts.plane == plane)
                touching = [c.dist for c in data.contact if {int(c.geom1), int(c.geom2)} == {geom, plane}]
                if touching:
                    seen.add((geom, plane))
                    assert clearance[rows].min() == pytest.approx(min(touching), abs=1e-9)
                else:
                    assert clearance[rows].min() > -1e-9
    assert len(seen) == 6  # three shapes, two planes


def test_clearance_rate_is_the_derivative_of_clearance(rng):
    robot, _ = suite_robot("cheetah")
    kinematics = ForwardKinematics(robot, contact_quantities(robot))
    qpos, qvel = (torch.from_numpy(rng.normal(size=(20, 9))) for _ in range(2))
    clearance = lambda q: contact_clearance(robot, kinematics(q, qvel))[0]  # noqa: E731
    _, rate = torch.func.jvp(clearance, (qpos,), (qvel,))
    torch.testing.assert_close(rate, contact_clearance(robot, kinematics(qpos, qvel))[1])


def test_robots_whose_contacts_are_disabled_have_no_contact_points():
    assert not suite_robot("reacher")[0].contacts.names
    assert contact_quantities(suite_robot("pendulum")[0]) == {}


def test_limit_distance_is_signed():
    robot, _ = suite_robot("reacher")
    limit = np.radians(160)
    distance = limit_distance(robot, torch.tensor([[9.0, 0.0], [0.0, limit + 0.1], [0.0, -limit]]))
    np.testing.assert_allclose(distance, [[limit, limit], [2 * limit + 0.1, -0.1], [0, 2 * limit]], atol=1e-6)
    assert limit_distance(suite_robot("acrobot")[0], torch.zeros(3, 2)).shape == (3, 0)
