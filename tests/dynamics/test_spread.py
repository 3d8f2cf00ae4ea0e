"""How far the members of an ensemble are apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.dynamics.spread import member_spread


def test_it_is_the_deviation_of_members_that_each_predict_alone(rng):
    model = mosim_gym.load("cheetah")
    bank = model.robot.reset_banks["run"]
    qpos, qvel, actions = bank.qpos[:4], bank.qvel[:4], rng.uniform(-1, 1, (4, 6, 6))
    spread = member_spread(model, qpos, qvel, actions)
    alone = [
        mosim_gym.load("cheetah", ensemble=[member]).rollout(qpos, qvel, actions) for member in range(model.members)
    ]
    for name, shape in (("qpos", (4, 6, 9)), ("qvel", (4, 6, 9)), ("sensors", (4, 6, 0))):
        found = getattr(spread, name)
        assert isinstance(found, np.ndarray)
        assert found.shape == shape
        np.testing.assert_allclose(found, np.std([getattr(path, name) for path in alone], axis=0), atol=1e-4)
    np.testing.assert_array_equal(model.rollout(qpos, qvel, actions, spread=True).qpos, spread.qpos)
    assert spread.qvel[:, -1].mean() > spread.qvel[:, 0].mean()
    as_tensors = member_spread(model, *(torch.tensor(x, dtype=torch.float32) for x in (qpos, qvel, actions)))
    np.testing.assert_allclose(as_tensors.qpos.numpy(), spread.qpos, atol=1e-5)


def test_one_member_has_no_spread():
    with pytest.raises(ValueError, match="at least two ensemble members"):
        member_spread(mosim_gym.load("pendulum", ensemble=1), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 2, 1)))
