"""Motion of the policies that a learner had on its way."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.storage import FileFault
from mosim_gym.studies.paper import replay


@pytest.mark.slow
def test_the_learner_trains_once_and_its_policies_move_the_robot(tmp_path):
    for _ in range(2):
        data = replay.replay_motion("pendulum", 1000, tmp_path, budget=5.0)
    assert data.transitions == 1000
    named = data.manifest["recipe"]["actions"]
    assert named
    assert all(name.startswith("SAC after ") for name, _ in named)


def test_a_learner_that_trained_for_another_time_is_not_taken_for_this_one(tmp_path):
    learner = tmp_path / "PendulumSwingup-sac"
    learner.mkdir()
    (learner / "finished").write_text("5")
    with pytest.raises(FileFault, match="PendulumSwingup-sac trained for 5 s, not 1200 s; choose another --data"):
        replay.replay_motion("pendulum", 1000, tmp_path, budget=1200.0)
