"""Motion of several policies as a dataset."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.data.dataset import collect_dataset, open_dataset
from mosim_gym.evaluation.heldout import row_by_row
from mosim_gym.evaluation.policy_motion import PolicyCollector
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.policies.scripted import cheetah_gait


def constant(value):
    return lambda: lambda observations: np.full((len(observations), 2), value)


@pytest.fixture
def collector():
    return PolicyCollector("ReacherEasy", {"left": constant(-1.0), "right": constant(1.0)}, noise=0.0)


def test_each_policy_has_an_equal_share_of_the_segments(collector, rng):
    found = collector.collect(rng, 20)
    assert found.actions.shape == (20, 100, 2)
    assert (found.actions[:, 0, 0] == 1).sum() == (found.actions[:, 0, 0] == -1).sum() == 10


def test_it_is_kept_as_a_dataset_that_names_the_policies(collector, tmp_path):
    made = collect_dataset("reacher", tmp_path / "d", segments=10, recipe="policies", collector=collector)
    again = open_dataset(tmp_path / "d", robot="reacher")
    np.testing.assert_array_equal(made[0:10].qpos, again[0:10].qpos)
    assert again.manifest["recipe"]["actions"] == [["left", 0.5], ["right", 0.5]]
    other = PolicyCollector("ReacherEasy", {"left": constant(-1.0)})
    with pytest.raises(FileFault, match="holds another dataset"):
        collect_dataset("reacher", tmp_path / "d", segments=10, recipe="policies", collector=other)


def test_a_tasks_policy_moves_a_robot_of_shorter_control_steps(rng):
    def still(observations):
        return np.zeros((len(observations), 4))

    collector = PolicyCollector("HopperHop", {"still": lambda: still}, robot="hopper@0.005")
    found = collector.collect(rng, 3)
    assert found.actions.shape == (3, 400, 4)  # as long as 100 steps of the task
    assert found.actions.std() > 0.1
    np.testing.assert_array_equal(found.actions[:, 0::4], found.actions[:, 3::4])
    with pytest.raises(ValueError, match="HopperHop is a task of the robot 'hopper', not of 'cheetah'"):
        PolicyCollector("HopperHop", {"still": lambda: still}, robot="cheetah")
    with pytest.raises(
        ValueError,
        match=r"hopper@0\.04 lasts 0\.04 s; it must be a whole part of that of HopperHop, which lasts 0\.02 s",
    ):
        PolicyCollector("HopperHop", {"still": lambda: still}, robot="hopper@0.04")


def test_a_policy_that_counts_its_steps_begins_anew_with_every_block(rng):
    collector = PolicyCollector("CheetahRun", {"gait": lambda: row_by_row(cheetah_gait)}, noise=0.0)
    blocks = [collector.collect(np.random.default_rng(5), 2) for _ in range(2)]
    np.testing.assert_array_equal(blocks[0].actions, blocks[1].actions)


def test_no_policy_is_a_fault():
    with pytest.raises(ValueError, match="makers is empty"):
        PolicyCollector("ReacherEasy", {})
