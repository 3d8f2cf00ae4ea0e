"""Integrators: orders of convergence on problems with exact solutions."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.dynamics.control_step import Motion
from mosim_gym.dynamics.solvers import SOLVERS, dopri5_adjoint, find_solver
from mosim_gym.robots import load_robot

ORDERS = {"semi_implicit": 1, "euler": 1, "midpoint": 2, "rk4": 4}


def _oscillator(qpos, qvel):
    """q̈ = -q, solved by a rotation of (q, q̇)."""
    return Motion(-qpos, None)


def _error(solver, steps):
    robot = load_robot("pendulum")
    qpos, qvel = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    for _ in range(steps):
        qpos, qvel = solver(_oscillator, robot, qpos, qvel, 1.0 / steps)
    return abs(float(qpos) - math.cos(1.0)) + abs(float(qvel) + math.sin(1.0))


@pytest.mark.parametrize("name", list(ORDERS))
def test_solvers_converge_at_their_order(name):
    coarse, fine = (_error(find_solver(name), steps) for steps in (20, 40))
    assert math.log2(coarse / fine) == pytest.approx(ORDERS[name], abs=0.15)


def test_a_row_that_is_lost_leaves_the_others_to_their_own_members():
    simulator = mosim_gym.load("cheetah", solver="dopri5")
    assert simulator.members > 1
    bank = simulator.robot.reset_banks["run"]
    qpos, qvel, action = bank.qpos[:5].copy(), bank.qvel[:5].copy(), np.zeros((5, 6), np.float32)
    whole = simulator.step(qpos, qvel, action)
    qvel[0] = np.nan
    rest = simulator.step(qpos, qvel, action)
    assert np.isnan(rest.qvel[0]).all()
    np.testing.assert_allclose(rest.qvel[1:], whole.qvel[1:], atol=1e-3)


def test_controls_are_clipped_as_mujoco_clips_them():
    simulator = mosim_gym.load("pendulum")
    qpos, qvel = np.zeros((1, 1)), np.zeros((1, 1))
    much, enough = (simulator.step(qpos, qvel, np.full((1, 1), u)) for u in (5.0, 1.0))
    np.testing.assert_array_equal(much.qvel, enough.qvel)
    path = simulator.rollout(qpos, qvel, np.full((1, 2, 1), 5.0))
    np.testing.assert_array_equal(path.qvel[:, 0], enough.qvel)


def test_wrong_shapes_are_one_sentence():
    simulator, state = mosim_gym.load("cheetah"), np.zeros((2, 9))
    for call, actions in (
        (simulator.step, np.zeros((2, 5))),
        (simulator.step, np.zeros((3, 6))),
        (simulator.rollout, np.zeros((2, 6))),
        (simulator.rollout, np.zeros((2, 0, 6))),
    ):
        with pytest.raises(ValueError, match=r"cheetah needs \(B, 9\), \(B, 9\) and"):
            call(state, state, actions)
    with pytest.raises(ValueError, match="qpos, qvel and action have shapes"):
        simulator.step(state[0], state[0], np.zeros(6))


@pytest.mark.parametrize("solve", [find_solver("dopri5"), dopri5_adjoint])
def test_adaptive_solvers_meet_their_tolerance(solve):
    assert _error(solve, 4) < 1e-4


def test_gradients_are_there_after_a_solver_was_first_used_without(monkeypatch):
    for module in [name for name in sys.modules if name.partition(".")[0] == "torchdiffeq"]:
        monkeypatch.delitem(sys.modules, module)
    start = torch.full((3, 1), 0.7, dtype=torch.float64), torch.zeros(3, 1, dtype=torch.float64)

    def end(stiffness):
        return find_solver("dopri5")(lambda q, v: Motion(-stiffness * q, None), load_robot("pendulum"), *start, 0.1)

    with torch.inference_mode():
        end(2.0)
    stiffness = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    end(stiffness)[1].sum().backward()
    assert float(stiffness.grad) < 0


def test_gradients_through_the_adjoint_equal_those_through_the_steps():
    class Field(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.stiffness = torch.nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

        def forward(self, qpos, qvel):
            return Motion(-self.stiffness * qpos - 0.1 * qvel, None)

    gradients = []
    for solve in (find_solver("dopri5"), dopri5_adjoint, find_solver("rk4")):
        field = Field()
        start = torch.full((3, 1), 0.7, dtype=torch.float64), torch.zeros(3, 1, dtype=torch.float64)
        qpos, qvel = solve(field, load_robot("pendulum"), *start, 0.1)
        (qpos.sum() + qvel.square().sum()).backward()
        gradients.append(float(field.stiffness.grad))
    np.testing.assert_allclose(gradients, gradients[2], rtol=1e-3)


def test_a_known_drift_makes_the_position_exact():
    """With the true mean acceleration and drift over a step, one evaluation lands on the exact solution."""
    h = 0.3
    end_q, end_v = math.cos(h), -math.sin(h)
    mean, drift = end_v / h, (end_q - 1) / h - end_v / 2
    start = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    motion = Motion(torch.full((1, 1), mean, dtype=torch.float64), torch.full((1, 1), drift, dtype=torch.float64))
    qpos, qvel = find_solver("semi_implicit")(lambda q, v: motion, load_robot("pendulum"), *start, h)
    assert float(qpos) == pytest.approx(end_q, abs=1e-12)
    assert float(qvel) == pytest.approx(end_v, abs=1e-12)


def test_unknown_solvers_are_refused():
    assert set(ORDERS) < set(SOLVERS)
    with pytest.raises(KeyError, match=r"Unknown solver 'rk5'. Did you mean 'rk4'"):
        find_solver("rk5")
    with pytest.raises(KeyError, match=r"Unknown solver 'dopri5_adjoint'. Did you mean 'dopri5'"):
        mosim_gym.load("cartpole", solver="dopri5_adjoint")  # it knows no gradients of states and controls


def test_rows_that_an_adaptive_solver_cannot_follow_are_lost_alone():
    """The others go on as if those had not been there."""
    from mosim_gym.dynamics.config import preset
    from mosim_gym.dynamics.mosim import MoSim
    from mosim_gym.dynamics.simulator import Simulator

    torch.manual_seed(0)
    model = MoSim(load_robot("pendulum"), preset("paper-small"))
    simulator = Simulator(model, {})
    qpos, qvel, actions = torch.zeros(7, 1), torch.linspace(0, 3, 7)[:, None], torch.zeros(7, 4, 1)
    expected = simulator.rollout(qpos, qvel, actions)
    plain = model.features.forward

    def violent(q, v, a, values):
        return plain(q, torch.where(v > 2.2, torch.full_like(v, torch.nan), v), a, values)

    model.features.forward = violent
    path = simulator.rollout(qpos, qvel, actions)
    lost = torch.isnan(path.qvel).any(-1).any(-1)
    assert lost.tolist() == [False] * 5 + [True] * 2
    torch.testing.assert_close(path.qpos[~lost], expected.qpos[~lost], rtol=1e-3, atol=1e-4)
