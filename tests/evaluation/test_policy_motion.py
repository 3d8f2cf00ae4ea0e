"""Motion of several policies as a dataset."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.data.dataset import collect_dataset, open_dataset
from mosim_gym.evaluation.policy_motion import PolicyCollector
from mosim_gym.mechanics.storage import FileFault


def constant(value):
    return lambda observations: np.full((len(observations), 2), value)


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


def test_no_policy_is_a_fault():
    with pytest.raises(ValueError, match="controllers is empty"):
        PolicyCollector("ReacherEasy", {})
