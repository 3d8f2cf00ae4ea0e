"""Rewards and observations that are not finite on the way are refused, and states that diverge are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import mosim_gym

BAD = torch.tensor([[0.1], [2.0], [0.1]])


def early(features):
    """1, and far away not a number."""
    return (1 - features.qpos[:, 0]).sqrt() * 0 + 1


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ({"reward": lambda f, a: early(f)}, "The reward is nan in environment 1, at qpos"),
        ({"reward": lambda f, a: 1 / (f.qpos[:, 0] < 1).float()}, "The reward is inf in environment 1, at qpos"),
        (
            {"reward": lambda f, a: f.qpos[:, 0], "observation": lambda f: early(f)[:, None]},
            "The observation holds numbers that are not finite in environment 1, at qpos",
        ),
    ],
)
def test_what_is_not_finite_on_the_way_is_said_with_its_environment_and_its_state(functions, said, gradients):
    many = mosim_gym.make_env("pendulum", **functions, num_envs=3, gradients=gradients)
    many.reset(seed=0, options={"qpos": BAD})
    with pytest.raises(FloatingPointError, match=said):
        many.step(np.zeros((3, 1), np.float32))
    single = mosim_gym.make_env("pendulum", **functions)
    single.reset(options={"qpos": BAD[1]})
    with pytest.raises(FloatingPointError, match=said.replace(" in environment 1", "")):
        single.step(np.zeros(1, np.float32))


def test_the_state_after_an_episodes_end_may_have_no_reward():
    env = mosim_gym.make_env(
        "pendulum", lambda f, a: early(f), terminated=lambda f: f.qpos[:, 0] > 0.9, num_envs=1, reset=([[0.1]], [[8.0]])
    )
    env.reset(seed=0)
    for _ in range(12):
        _, reward, *_ = env.step(np.ones((1, 1), np.float32))
        assert reward[0] in (0.0, 1.0)
