"""Losses: what each reaches, and what a perfect model pays."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from tests.training.small import small_model

import mosim_gym
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.robots import load_robot


@pytest.mark.parametrize("robot", ["acrobot", "hopper"])
def test_rollouts_of_a_perfect_model_cost_nothing(robot):
    """The multistep loss compares with the very next states: fed the truth's own accelerations it is zero up to rounding."""
    from mosim_gym.dynamics.control_step import Motion
    from mosim_gym.training.losses import multistep_loss

    model, windows, kinematics = small_model(robot)
    window = type(windows)(*(column[:, :6] for column in windows))
    touch = window.sensors if model.config.sensors else None

    def loss_of(readings) -> float:
        told = iter(
            [
                Motion(window.acceleration[:, k], window.drift[:, k], None if readings is None else readings[:, k])
                for k in range(6)
            ]
        )
        model.motion = lambda *_: next(told)
        return float(multistep_loss(model, window, kinematics, huber=0.05))

    wrong = float(multistep_loss(model, window, kinematics, huber=0.05).detach())
    assert loss_of(touch) < 1e-3 * wrong
    if touch is not None:
        assert loss_of(touch + 1.0) > 0.1


def test_reduced_precision_stays_in_the_networks():
    """Under autocast the states of a rollout and where its bodies are keep float32, in three dimensions, too."""
    from mosim_gym.training.losses import multistep_loss

    _, windows, kinematics = small_model("humanoid")
    window = type(windows)(*(column[:, :4] for column in windows))
    model = mosim_gym.load("humanoid").model.subset([0])
    exact, reduced = (
        float(multistep_loss(model, window, kinematics, huber=0.05, autocast=autocast).detach())
        for autocast in (False, True)
    )
    assert reduced == pytest.approx(exact, rel=0.02)


def test_the_papers_loss_reaches_all_of_the_model():
    from mosim_gym.training.losses import solver_loss

    _, windows, _ = small_model()
    batch = type(windows)(*(column[:, 0] for column in windows))
    torch.manual_seed(0)
    model = MoSim(load_robot("acrobot"), preset("paper-small"))
    kinematics = ForwardKinematics(model.robot, model.features.quantities)
    for name, parameter in model.named_parameters():
        if ".down." in name or ".last." in name:
            torch.nn.init.normal_(parameter, std=0.01)  # else the layers before them have no gradient yet
    loss = solver_loss(model, batch, kinematics)
    loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    known = solver_loss(_with_solver(model, "rk4"), batch, kinematics)
    assert float(known.detach()) == pytest.approx(float(loss.detach()), rel=1e-3)


def _with_solver(model, solver):
    model.config = dataclasses.replace(model.config, solver=solver)
    return model
