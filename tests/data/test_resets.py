"""Start states: all that a robot can do, or the given ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.data.resets import reset_sampler, state_resets
from mosim_gym.mechanics import ForwardKinematics, contact_clearance, contact_quantities
from mosim_gym.robots import find_robot, load_robot, robot_definitions

ROBOTS = [name for name, d in robot_definitions().items() if d.coverage is not None]


@pytest.mark.parametrize("robot", ROBOTS)
def test_wide_resets_cover_joint_limits_speeds_and_the_ground(robot, rng):
    definition, description = find_robot(robot), load_robot(robot)
    assert definition.coverage is not None
    qpos, qvel = reset_sampler("wide", definition)(rng, 4000)
    for column, name in enumerate(description.dofs.names):
        low, high = definition.coverage.speeds[name]
        assert qvel[:, column].min() >= low
        assert qvel[:, column].max() <= high
        assert np.ptp(qvel[:, column]) > 0.6 * (high - low)
    for place in description.quaternion_slices:
        turns = qpos[:, place]
        np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1)
        upright = 1 - 2 * (turns[:, 1] ** 2 + turns[:, 2] ** 2)  # the vertical component of the base's vertical axis
        assert (upright > 0.5).mean() > 0.4
        assert (upright < 0).mean() > 0.15
    for row, name in enumerate(description.joints.names):
        column = description.qpos_indices(name).start
        if description.joints.limited[row]:
            lower, upper = description.joints.range[row]
            assert qpos[:, column].min() < lower
            assert qpos[:, column].max() > upper
    if definition.coverage.height is not None:
        kinematics = ForwardKinematics(description, contact_quantities(description))
        values = kinematics(torch.from_numpy(qpos), torch.from_numpy(qvel))
        lowest = contact_clearance(description, values)[0].amin(-1).numpy()
        assert lowest.min() >= definition.coverage.clearance[0] - 1e-9
        assert lowest.max() <= definition.coverage.clearance[1] + 1e-9
        assert (lowest < 0).mean() > 0.1


def test_state_resets_draw_the_given_rows(rng):
    states = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    qpos, qvel = state_resets(*states)(rng, 50)
    for q, v in zip(qpos, qvel, strict=True):
        row = np.flatnonzero((states[0] == q).all(1))[0]
        np.testing.assert_array_equal(v, states[1][row])
    with pytest.raises(ValueError, match="5 positions and 4 velocities"):
        state_resets(states[0], states[1][:4])
