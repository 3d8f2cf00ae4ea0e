"""Motion has names and units, of joints of every kind."""

from __future__ import annotations

import numpy as np
from tests.data.logged import arm, arm_motion, cube, turning

from mosim_gym.evaluation.motion_quantities import commands, positions, speeds


def test_a_free_joint_is_three_places_and_the_angle_by_which_it_has_turned():
    qpos, qvel = turning(50)
    found = positions(cube(), qpos)
    assert [quantity.label for quantity in found] == [
        "x of root (m)", "y of root (m)", "z of root (m)", "rotation of root (rad)"
    ]  # fmt: skip
    np.testing.assert_allclose(found[3].values, 4.0 * np.arange(50) * 0.01, atol=1e-6)
    np.testing.assert_array_equal(found[2].values, qpos[:, 2])
    flipped = np.concatenate((qpos[:, :3], -qpos[:, 3:]), axis=1)
    np.testing.assert_allclose(positions(cube(), flipped, qpos[0])[3].values, found[3].values, atol=1e-12)
    assert [quantity.unit for quantity in speeds(cube(), qvel)] == ["m/s"] * 3 + ["rad/s"] * 3


def test_hinges_and_commands_have_their_ranges():
    motion = arm_motion(20)
    shoulder, elbow = positions(arm(), motion["qpos"])
    assert (shoulder.label, shoulder.range) == ("shoulder (rad)", None)
    np.testing.assert_allclose(elbow.range, np.radians([-150, 150]))
    assert [quantity.label for quantity in commands(arm(), motion["action"])] == ["shoulder_motor", "elbow_motor"]
