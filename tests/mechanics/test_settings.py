"""Settings that are checked where they are made, and what is said of two that differ."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.settings import said_difference
from mosim_gym.rl.learners.off_policy import OffPolicyConfig
from mosim_gym.rl.learners.shac import ShacConfig
from mosim_gym.rl.strategies.few_shot import FewShotConfig
from mosim_gym.rl.strategies.zero_shot import ZeroShotConfig


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ZeroShotConfig(penalty="hast"), "Unknown penalty 'hast'"),
        (lambda: ZeroShotConfig(outside_model="box"), "Unknown outside_model 'box'"),
        (lambda: ZeroShotConfig(num_envs=0), "num_envs is 0; it must be positive"),
        (lambda: FewShotConfig(threshold_scale=2.0), "only a density has a threshold"),
        (lambda: ShacConfig(horizon=0), "horizon is 0; it must be positive"),
        (lambda: OffPolicyConfig(entropy="some"), "entropy is 'some'"),
    ],
)
def test_a_configuration_is_checked_where_it_is_made(make, said):
    with pytest.raises((KeyError, ValueError), match=said):
        make()


def test_a_difference_of_settings_names_them_alone():
    there, here = {"a": 1, "b": 2, "learner": {"c": 3}}, {"a": 1, "b": 5, "learner": {"d": 4}}
    assert said_difference(there, here) == "b 2, here 5; d not set, here 4; c 3, here not set"
    assert said_difference("x", None) == "x, here None"
