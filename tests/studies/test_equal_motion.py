"""The motion on which world models are compared."""

from __future__ import annotations

import numpy as np

from mosim_gym.studies.equal_motion import equal_motion


def test_it_has_so_many_steps_and_is_simulated_once(tmp_path):
    first = equal_motion("pendulum", 950, tmp_path)
    again = equal_motion("pendulum", 950, tmp_path)
    assert first.transitions == 1000
    np.testing.assert_array_equal(first[0:2].qpos, again[0:2].qpos)
    assert len(list(tmp_path.iterdir())) == 1


def test_actions_are_drawn_anew_at_every_step(tmp_path):
    actions = equal_motion("pendulum", 1000, tmp_path)[0:10].actions
    assert (np.diff(actions, axis=1) != 0).all()
