"""Dynamics with narrower ranges of their actuators."""

import numpy as np
import pytest

import mosim_gym
from mosim_gym.dynamics.limited import LimitedControls


@pytest.fixture(scope="module")
def hopper():
    return mosim_gym.load("hopper")


def test_controls_beyond_the_narrower_range_count_as_its_ends(hopper) -> None:
    limited = LimitedControls(hopper, {"waist": (-0.1, 0.2)})
    qpos, qvel = hopper.robot.qpos0[None], np.zeros((1, hopper.robot.nv))
    actions, ends = np.ones((1, 5, 4), np.float32), np.ones((1, 5, 4), np.float32)
    ends[..., list(hopper.robot.actuators.names).index("waist")] = 0.2
    np.testing.assert_array_equal(limited.rollout(qpos, qvel, actions).qpos, hopper.rollout(qpos, qvel, ends).qpos)


def test_other_actuators_keep_their_ranges(hopper) -> None:
    low, high = LimitedControls(hopper, {"waist": (-0.1, 0.2)}).robot.control_range
    own = dict(zip(hopper.robot.actuators.names, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    assert own.pop("waist") == pytest.approx((-0.1, 0.2))
    assert set(own.values()) == {(-1.0, 1.0)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"knie": (0, 1)}, "Unknown actuator 'knie'"),
        ({"waist": (0.2, 0.1)}, "two numbers, the lower one first"),
        ({"waist": 0.2}, "two numbers, the lower one first"),
        ({"waist": (-2, 0)}, "must lie within the actuator's own, -1 to 1"),
    ],
)
def test_ranges_that_are_none_are_named(hopper, given, said) -> None:
    with pytest.raises((KeyError, ValueError), match=said):
        LimitedControls(hopper, given)
