"""Models that learned from noisy states."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.mechanics.motion import Segments
from mosim_gym.robots import load_robot
from mosim_gym.studies.equal_motion import equal_motion
from mosim_gym.studies.paper.noise import Noise, noisy, with_noise


def test_noise_is_on_the_states_and_on_nothing_else(tmp_path):
    data = equal_motion("reacher", 2000, tmp_path)
    noisy = with_noise(data, 0.01, seed=0)
    clean, found = data[0:20], noisy[0:20]
    for part in ("qpos", "qvel"):
        difference = getattr(found, part) - getattr(clean, part)
        assert difference.std() == pytest.approx(0.01, rel=0.1)
    np.testing.assert_array_equal(found.actions, clean.actions)
    assert (noisy.robot, noisy.transitions) == ("reacher", 2000)


def test_quaternions_stay_unit():
    robot = load_robot("go2")
    still = Segments(
        np.tile(robot.qpos0, (3, 5, 1)), np.zeros((3, 5, robot.nv)), np.zeros((3, 4, robot.nu)), np.zeros((3, 4, 0))
    )
    found = noisy(still, robot, 0.01, seed=0).qpos[..., 3:7]
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1)
    assert not np.allclose(found, still.qpos[..., 3:7])


def test_the_table_has_the_papers_figures_beside_ours(tmp_path):
    study = Noise().changed(["transitions=2000", "budget=0.5", "segments=4"])
    results = study.run(tmp_path, tmp_path, names=["reacher-rssm-true"])
    row = next(line for line in study.table(results).splitlines() if line.startswith("| reacher"))
    assert row.rstrip(" |").endswith("0.0988")
    assert study.left(results) == (2, pytest.approx(2 * (2 + 0.5 / 60)))
