"""Predictions without gradients are the model's own, only faster."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.data.stream import chunk
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.robots import load_robot
from mosim_gym.zoo import packaged


def _states(robot, count):
    qpos, qvel, action = (torch.from_numpy(c).flatten(0, 1) for c in chunk(robot, "coverage", 5, 0, 10)[0][:3])
    rows = torch.randperm(len(qpos), generator=torch.Generator().manual_seed(0))[:count]
    return qpos[rows], qvel[rows], action[rows]


def _ensemble(robot="cheetah", members=3):
    torch.manual_seed(1)
    model = MoSim(load_robot(robot), preset("default", members=members))
    for corrector in model.correctors:
        torch.nn.init.normal_(corrector.last.weight, std=0.1)
    return model


@pytest.mark.parametrize("count", [1, 5, 200])
@pytest.mark.parametrize("name", packaged())
def test_predictions_are_the_same_with_and_without_gradients(name, count):
    simulator = mosim_gym.load(name)
    qpos, qvel, action = _states(simulator.robot.name, count)
    plain = simulator.step(qpos, qvel, action)
    traced = simulator.step(qpos.clone().requires_grad_(), qvel, action)
    assert traced.qvel.requires_grad
    assert not plain.qvel.requires_grad
    change = (traced.qvel.detach() - qvel).abs().mean()
    torch.testing.assert_close(plain.qpos, traced.qpos.detach(), rtol=1e-5, atol=1e-5)
    assert (plain.qvel - traced.qvel.detach()).abs().max() < 1e-4 * (1 + change)


@pytest.mark.parametrize("name", packaged())
def test_a_row_does_not_depend_on_its_neighbours(name):
    simulator = mosim_gym.load(name, ensemble=[0])
    qpos, qvel, action = _states(simulator.robot.name, 200)
    together = simulator.step(qpos, qvel, action)
    alone = simulator.step(qpos[7:8], qvel[7:8], action[7:8])
    torch.testing.assert_close(together.qpos[7:8], alone.qpos, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(together.qvel[7:8], alone.qvel, rtol=1e-5, atol=1e-4)


def test_fast_predictions_are_close_and_unknown_precisions_refused():
    exact, fast = mosim_gym.load("cheetah"), mosim_gym.load("cheetah", precision="fast")
    state = _states("cheetah", 500)
    wanted, got = exact.step(*state), fast.step(*state)
    change = (wanted.qvel - state[1]).square().mean()
    assert (got.qvel - wanted.qvel).square().mean() < 1e-3 * change
    with pytest.raises(KeyError, match=r"Unknown precision 'fats'\. Did you mean 'fast'"):
        mosim_gym.load("cheetah", precision="fats")


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_rows_are_dealt_to_the_members_in_turn(count):
    model = _ensemble()
    dealt = Simulator(model, {})
    single = [Simulator(model, {}, ensemble=[i]) for i in range(3)]
    qpos, qvel, action = _states("cheetah", count)
    whole = dealt.step(qpos, qvel, action).qvel
    with_gradients = dealt.step(qpos, qvel.clone().requires_grad_(), action).qvel
    torch.testing.assert_close(whole, with_gradients.detach(), rtol=1e-5, atol=1e-4)
    for i in range(3):
        torch.testing.assert_close(whole[i::3], single[i].step(qpos, qvel, action).qvel[i::3], rtol=1e-5, atol=1e-4)
    if count > 3:
        assert not torch.allclose(single[0].step(qpos, qvel, action).qvel, single[1].step(qpos, qvel, action).qvel)


@pytest.mark.parametrize("count", [1, 200])
def test_a_predictor_alone_moves_the_robot(count):
    torch.manual_seed(1)
    model = MoSim(load_robot("cheetah"), preset("default", correctors=()))
    simulator, (qpos, qvel, action) = Simulator(model, {}), _states("cheetah", count)
    traced = simulator.step(qpos.clone().requires_grad_(), qvel, action)
    torch.testing.assert_close(simulator.step(qpos, qvel, action).qvel, traced.qvel.detach(), rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="neither a predictor nor correctors"):
        MoSim(load_robot("cheetah"), preset("residual", correctors=()))


def test_members_are_counted():
    for wrong in (4, [3], [], 0):
        with pytest.raises(ValueError, match="this checkpoint has 3 members: give how many to use, or which"):
            Simulator(_ensemble(), {}, ensemble=wrong)
    assert Simulator(_ensemble(), {}, ensemble=2).members == 2


def test_numpy_in_numpy_out():
    simulator = mosim_gym.load("pendulum")
    path = simulator.rollout(np.zeros((4, 1)), np.zeros((4, 1)), np.ones((4, 3, 1)))
    assert path.qpos.shape == path.qvel.shape == (4, 3, 1)
    assert isinstance(path.qpos, np.ndarray)
