"""What a robot file declares not to matter does not matter to the truth."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.mechanics.packages import MissingExtra
from mosim_gym.robots import load_robot, robot_definitions
from mosim_gym.robots.definition import Extra
from mosim_gym.truth.dynamics import TrueDynamics

DECLARED = [
    name for name, d in robot_definitions().items() if d.invariances.translations or d.invariances.yaw is not None
]


@pytest.mark.parametrize("name", DECLARED)
def test_shifting_the_truth_shifts_its_future(name, rng, elsewhere):
    robot, dynamics = load_robot(name), TrueDynamics(name)
    columns = list(robot.translation_indices)
    bank = next(iter(robot.reset_banks.values()))
    qpos, qvel = bank.qpos[:50].astype(float), bank.qvel[:50].astype(float)
    actions = rng.uniform(-1, 1, (50, 10, robot.nu))
    shift = np.zeros(robot.nq)
    shift[columns] = rng.uniform(1, 3, len(columns))
    here, there = (
        dynamics.rollout(qpos, qvel, actions),
        dynamics.rollout(*elsewhere(robot, qpos, qvel, shift, 1.3), actions),
    )
    wanted_q, wanted_v = elsewhere(robot, here.qpos, here.qvel, shift, 1.3)
    np.testing.assert_allclose(there.qpos, wanted_q, atol=1e-6)
    np.testing.assert_allclose(there.qvel, wanted_v, atol=1e-6)


def test_every_other_coordinate_does_matter(rng):
    """Nothing that could have been declared was forgotten."""
    for name in robot_definitions():
        robot, dynamics = load_robot(name), TrueDynamics(name)
        declared = set(robot.translation_indices)
        for place in robot.quaternion_slices:  # its entries do not move alone
            declared.update(range(place.start, place.stop))
        if robot.invariances.yaw is not None:
            declared.add(robot.qpos_indices(robot.invariances.yaw).start)
        bank = next(iter(robot.reset_banks.values()))
        qpos, qvel = bank.qpos[:50].astype(float), rng.normal(size=(50, robot.nv))
        actions = rng.uniform(-1, 1, (50, 10, robot.nu))
        here = dynamics.rollout(qpos, qvel, actions)
        for column in set(range(robot.nq)) - declared:
            moved = qpos.copy()
            moved[:, column] += 0.5
            there = dynamics.rollout(moved, qvel, actions)
            if not np.nanmax(np.abs(there.qvel - here.qvel)) > 1e-6:  # weightless fish may be thrown about too wildly
                # The cart feels its rail only near the ends, and the pole never feels the cart's place.
                assert (name, column) == ("cartpole", 0)


def test_a_package_that_is_missing_is_named_with_its_extra():
    extra = Extra(package="no_such_package", distribution="no-such-package", name="none")
    assert not extra.is_installed
    assert extra.folder.name == "no-such-package-none"
    with pytest.raises(
        MissingExtra, match=r"the robot arm needs it; `pip install '\.\[none\]'` in the clone of mosim_gym brings it"
    ):
        extra.load("arm")
