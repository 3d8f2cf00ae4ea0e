"""States of one simulator with the derivatives of another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.dynamics.derived import Derived
from mosim_gym.truth.dynamics import TrueDynamics
from mosim_gym.zoo.names import load


def _states(truth, rows=16):
    rng = np.random.default_rng(0)
    qpos, qvel = (torch.tensor(rng.normal(scale=0.3, size=(rows, n))) for n in (truth.robot.nq, truth.robot.nv))
    return qpos, qvel, torch.tensor(rng.uniform(-1, 1, (rows, truth.robot.nu)))


@pytest.fixture(scope="module")
def truth():
    return TrueDynamics("cheetah", warm_start=False)


def test_states_are_those_of_the_forward_simulator_and_derivatives_those_of_the_model(truth):
    model, (qpos, qvel, action) = load("cheetah"), _states(truth)
    action.requires_grad_(True)
    step = Derived(truth, model).step(qpos, qvel, action)
    true = truth.step(qpos, qvel, action.detach())
    torch.testing.assert_close(step.qpos.detach(), true.qpos)
    torch.testing.assert_close(step.qvel.detach(), true.qvel)
    (found,) = torch.autograd.grad(step.qvel.sum() + step.qpos.sum(), action)
    theirs = action.detach().float().requires_grad_(True)
    said = model.step(qpos.float(), qvel.float(), theirs)
    (wanted,) = torch.autograd.grad(said.qvel.sum() + said.qpos.sum(), theirs)
    assert wanted.abs().max() > 0.1
    torch.testing.assert_close(found.float(), wanted)


def test_without_gradients_the_model_is_not_asked(truth):
    derived, (qpos, qvel, action) = Derived(truth), _states(truth)
    for mine, theirs in zip(derived.step(qpos, qvel, action), truth.step(qpos, qvel, action), strict=True):
        torch.testing.assert_close(mine, theirs)
