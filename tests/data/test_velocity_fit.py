"""The report names each degree of freedom whose velocities are not the rates of its positions, and what they look like."""

from __future__ import annotations

import numpy as np
import pytest
from tests.data.logged import arm, arm_motion, cube, turning

from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.rotations import rotate
from mosim_gym.mechanics.typed_torch import from_numpy

ROWS = 600


def units(robot, qpos, qvel):
    """The line on units of the report of these logs, in two segments."""
    ours = (np.ascontiguousarray(part) for part in (qpos, qvel, np.zeros((ROWS, robot.nu))))
    return next(f for f in Logs(robot, *ours, np.array([0, 200, ROWS])).report().findings if f.about == "units")


def arm_units(change, **motion):
    qpos, qvel = (arm_motion(ROWS, **motion)[name] for name in ("qpos", "qvel"))
    return units(arm(), qpos, change(qpos, qvel))


@pytest.mark.parametrize(
    ("change", "said", "advice"),
    [
        (lambda q, v: v * [1, -1], "the velocity of elbow has its sign turned", "Turn the sign"),
        (lambda q, v: -v, "shoulder has its sign turned; the velocity of elbow has its sign turned", "Turn the sign"),
        (lambda q, v: v * [0, 1], "the velocity of shoulder is zero, and its position moves", "Import again with velocity="),
        (lambda q, v: v[:, ::-1], "the velocity of shoulder is the rate of elbow (swapped)", "Check the order of the columns"),
        (lambda q, v: v[:, [0, 0]], "the velocity of elbow is the rate of shoulder", "Check the order of the columns"),
        (lambda q, v: np.degrees(v), "the velocity of elbow is 57.3 times", "degrees='qvel'"),
        (lambda q, v: np.radians(v), "the velocity of shoulder is 0.0175 times", "degrees='qpos'"),
        (lambda q, v: np.roll(v, 10, 0), "shoulder is 100 ms late; the velocity of elbow is 100 ms late", "velocity='savgol'"),
        (lambda q, v: np.roll(v, -7, 0) * [0.7, 1], "the velocity of elbow is 70 ms early", "Import again with velocity='savgol'"),
        (lambda q, v: q, "the velocity of shoulder is its position", "Give the column of the velocities"),
        (
            lambda q, v: np.random.default_rng(0).normal(size=v.shape),
            "the velocity of shoulder is unrelated to the rate of its position; the velocity of elbow is unrelated",
            "Check the columns of the velocities",
        ),
    ],
)  # fmt: skip
def test_a_velocity_that_is_no_rate_is_named_with_what_it_looks_like(change, said, advice):
    found = arm_units(change)
    assert said in found.found
    assert advice in found.advice


def test_noise_a_filter_and_a_joint_at_rest_are_no_fault(rng):
    fine = "positions are within their ranges, and velocities are the rates of positions"
    assert arm_units(lambda q, v: v).found == fine
    assert arm_units(lambda q, v: v + rng.normal(0, 2, v.shape)).found == fine
    assert arm_units(lambda q, v: np.roll(v, 3, axis=0)).found == fine
    motion = arm_motion(ROWS)
    assert units(arm(), motion["qpos"] + rng.normal(0, 0.03, (ROWS, 2)), motion["qvel"]).found == fine
    assert units(arm(), motion["qpos"] * [1, 0], motion["qvel"] * [1, 0] + rng.normal(0, 0.03, (ROWS, 2))).found == fine


def test_rotations_in_another_order_or_frame_are_named():
    qpos, qvel = turning(ROWS)
    assert "velocities are the rates" in units(cube(), qpos, qvel).found
    xyzw = np.column_stack((qpos[:, :3], qpos[:, [4, 5, 6, 3]]))
    found = units(cube(), xyzw, qvel)
    assert "the quaternion of root fits its angular velocity only if its numbers are in the order xyzw" in found.found
    assert found.advice == "Import again with quaternions='xyzw'."
    wxyz_read_as_xyzw = np.column_stack((qpos[:, :3], qpos[:, [6, 3, 4, 5]]))
    assert "quaternions='wxyz'" in units(cube(), wxyz_read_as_xyzw, qvel).advice
    tilted = _tumbling()
    world = rotate(from_numpy(np.ascontiguousarray(tilted[0][:, 3:])), from_numpy(tilted[1][:, 3:].copy())).numpy()
    assert "velocities are the rates" in units(cube(), *tilted).found
    found = units(cube(), tilted[0], np.column_stack((tilted[1][:, :3], world)))
    assert "the angular velocity of root is in the world's frame" in found.found


def _tumbling():
    """A cube that turns about a body axis which itself turns."""
    step = 0.01
    qpos, qvel = turning(ROWS, step)
    time = np.arange(ROWS) * step
    rate = np.column_stack((3 * np.cos(2 * time), 3 * np.sin(2 * time), np.full(ROWS, 1.0)))
    quaternion = np.empty((ROWS, 4))
    quaternion[0] = 1, 0, 0, 0
    for k in range(ROWS - 1):
        mean = (rate[k] + rate[k + 1]) / 2
        size = np.linalg.norm(mean) * step
        w, x, y, z = np.cos(size / 2), *(np.sin(size / 2) * mean / np.linalg.norm(mean))
        a, b, c, d = quaternion[k]
        quaternion[k + 1] = (
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        )
    return np.column_stack((qpos[:, :3], quaternion)), np.column_stack((qvel[:, :3], rate))
