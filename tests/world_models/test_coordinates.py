"""Coordinates of a state, and changes that lead from a state to the next."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.mechanics.rotations import multiply
from mosim_gym.robots import load_robot
from mosim_gym.world_models.coordinates import StateCoordinates


def states(robot):
    block = next(iter(RecipeMotion(robot, seed=0, segments=4).blocks()))
    return torch.from_numpy(block.qpos), torch.from_numpy(block.qvel)


@pytest.mark.parametrize("body_frame", [False, True])
@pytest.mark.parametrize("robot", ["fish", "acrobot"])
def test_a_change_leads_to_the_next_state(robot, body_frame):
    coordinates, (q, v) = StateCoordinates(load_robot(robot), body_frame=body_frame), states(robot)
    change = coordinates.change(q[:, :-1], v[:, :-1], q[:, 1:], v[:, 1:])
    assert change.shape[-1] == coordinates.change_size
    reached = coordinates.moved(q[:, :-1], v[:, :-1], change)
    for found, wanted in zip(reached, (q[:, 1:], v[:, 1:]), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_a_whole_turn_of_a_hinge_without_limits_changes_nothing():
    coordinates, (q, v) = StateCoordinates(load_robot("pendulum")), states("pendulum")
    assert coordinates(q, v).shape[-1] == coordinates.size == 3
    np.testing.assert_allclose(coordinates(q + 2 * np.pi, v), coordinates(q, v), atol=1e-9)


def test_in_the_body_frame_neither_place_nor_heading_matters():
    robot = load_robot("humanoid")
    coordinates, (q, v) = StateCoordinates(robot, body_frame=True), states("humanoid")
    (quaternion,) = robot.quaternion_slices
    half = torch.tensor(0.4, dtype=torch.float64)
    heading = torch.stack((half.cos(), 0 * half, 0 * half, half.sin()))
    turned, speed = q.clone(), v.clone()
    turned[..., quaternion] = multiply(heading.expand(*q.shape[:-1], 4), q[..., quaternion])
    turned[..., 0] += 3.0
    c, s = (2 * half).cos(), (2 * half).sin()
    speed[..., 0], speed[..., 1] = c * v[..., 0] - s * v[..., 1], s * v[..., 0] + c * v[..., 1]
    np.testing.assert_allclose(coordinates(turned, speed), coordinates(q, v), atol=1e-9)
