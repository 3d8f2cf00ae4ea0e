"""Ensembles whose members are trained one by one."""

from __future__ import annotations

import pytest

from mosim_gym.training.members import train_members
from mosim_gym.zoo.names import load


@pytest.mark.parametrize("seeds", [[3], [3, 3], []])
def test_an_ensemble_needs_at_least_two_members_with_seeds_of_their_own(seeds, tmp_path):
    with pytest.raises(ValueError, match="an ensemble needs at least two, each of its own"):
        train_members("pendulum", seeds, budget=1.0, folder=tmp_path)


def test_a_checkpoint_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "checkpoint.safetensors").touch()
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors is there already and would be replaced"):
        train_members("pendulum", [0, 1], budget=1.0, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.safetensors"]


@pytest.mark.parametrize(
    ("robot", "options", "message"),
    [
        ("spider", {}, "Unknown robot 'spider'"),
        ("pendulum", {"recipe": "fast"}, "Unknown recipe 'fast'"),
        ("pendulum", {"preset_name": "huge"}, "Unknown preset 'huge'"),
        ("pendulum", {"rate": 0.5}, "A rate is for refining"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anyone_works(robot, options, message, tmp_path):
    class Nobody:
        threads = 1

        def map(self, function, items):
            raise AssertionError("someone was asked to work")

    with pytest.raises((KeyError, ValueError), match=message):
        train_members(robot, [0, 1], budget=1.0, folder=tmp_path, workers=Nobody(), **options)
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_members_are_trained_by_their_seeds_and_combined(tmp_path):
    outcome = train_members("pendulum", [4, 7], budget=5.0, steps=12, folder=tmp_path)
    assert outcome.card["seeds"] == [4, 7]
    assert outcome.card["training_steps"] == 24
    assert load(outcome.path).model.config.members == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.safetensors", "member-4", "member-7"]
