"""NeRD's inputs of contact follow from the robot's description."""

from __future__ import annotations

import torch

from mosim_gym.robots import load_robot
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.nerd import ContactCoordinates


def test_a_robot_that_touches_the_ground_has_inputs_of_contact():
    robot = load_robot("hopper")
    coordinates = ContactCoordinates(robot)
    q, v = torch.tensor(robot.qpos0)[None].float(), torch.zeros(1, robot.nv)
    found = coordinates(q, v)
    assert found.shape == (1, coordinates.size)
    plain = StateCoordinates(robot, body_frame=True)
    assert coordinates.size > plain.size
    lifted = q.clone()
    lifted[:, robot.qpos_indices("rootz")] -= 0.5
    contact = slice(plain.size, None)
    assert not torch.equal(coordinates(lifted, v)[:, contact], found[:, contact])


def test_a_robot_that_touches_nothing_has_none():
    robot = load_robot("pendulum")
    assert ContactCoordinates(robot).size == StateCoordinates(robot).size
