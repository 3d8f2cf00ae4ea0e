"""What `make_env` says of starts in which no episode can go on."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import mosim_gym


def still(features, action):
    return -features.qvel.square().sum(-1)


def test_an_end_in_every_start_is_refused_and_one_in_some_starts_is_not():
    with pytest.raises(ValueError, match="terminated is true in every state in which episodes begin"):
        mosim_gym.make_env("cartpole", still, terminated=lambda f: f.joint("slider").abs() < 5)
    starts = (np.linspace(-1, 1, 40).repeat(2).reshape(40, 2), np.zeros((40, 2)))
    mosim_gym.make_env("cartpole", still, reset=starts, terminated=lambda f: f.joint("slider") > 0)


def test_starts_beyond_limits_or_data_are_counted_in_a_warning():
    def reset(generator, n):
        qpos, qvel = torch.zeros(n, 2), torch.zeros(n, 2)
        qpos[: n // 4, 0], qvel[: n // 2, 1] = 5.0, 1e4
        return qpos, qvel

    said = r"64 of 256 starts are beyond the limits of slider\. 128 of 256 starts are outside the model's training box"
    with pytest.warns(UserWarning, match=said) as caught:
        mosim_gym.make_env("cartpole", still, reset=reset)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("model", ["acrobot", "cartpole", "cheetah", "hopper", "humanoid", "reacher", "walker"])
def test_nothing_is_said_of_the_starts_of_packaged_models(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mosim_gym.make_env(model, still)
