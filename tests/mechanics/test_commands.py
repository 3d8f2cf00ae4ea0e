"""Commands in time."""

from __future__ import annotations

import pytest
import torch

from mosim_gym.mechanics.commands import check_previous, with_commands_before
from mosim_gym.robots import load_robot


def test_the_commands_before_stand_in_front_the_oldest_first():
    actions, previous = torch.tensor([[[3.0], [4.0]]]), torch.tensor([[[1.0], [2.0]]])
    assert with_commands_before(actions, previous, 2).flatten().tolist() == [1, 2, 3, 4]


def test_commands_before_that_are_not_known_equal_the_first_one():
    actions = torch.tensor([[[3.0], [4.0]]])
    assert with_commands_before(actions, None, 2).flatten().tolist() == [3, 3, 3, 4]
    assert with_commands_before(actions, torch.tensor([[[torch.nan], [2.0]]]), 2).flatten().tolist() == [3, 2, 3, 4]
    assert with_commands_before(actions, None, 0) is actions


def test_commands_before_of_another_shape_are_refused_in_one_sentence():
    robot = load_robot("pendulum")
    check_previous(robot, None, 2, 5)
    check_previous(robot, torch.zeros(5, 2, 1), 2, 5)
    with pytest.raises(
        ValueError, match=r"previous has shape \(5, 1, 1\); these dynamics of pendulum need \(5, 2, 1\)"
    ):
        check_previous(robot, torch.zeros(5, 1, 1), 2, 5)
