"""What flight would touch: the states on its way, and models that see them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.data.logged import cube

from mosim_gym.data.collection import Collector
from mosim_gym.dynamics.config import Size, preset
from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.dynamics.control_step import Motion
from mosim_gym.dynamics.foresight import Foresight
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.dynamics.solvers import mean_motion, semi_implicit
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.robots import load_robot
from mosim_gym.truth.dynamics import TrueDynamics

INSTANTS = (0.25, 0.5, 0.75, 1.0)


def _flights(robot: str, rows: int = 64):
    """True states, controls, and the contact-free states one control step later, float64."""
    data = Collector(robot, "coverage").collect(np.random.default_rng(3), 8)
    states = [torch.from_numpy(x[:, :-1].reshape(-1, x.shape[-1])[:rows]) for x in (data.qpos, data.qvel)]
    action = torch.from_numpy(data.actions.reshape(-1, data.actions.shape[-1])[:rows])
    there = TrueDynamics(robot, constrained=False).step(*states, action)
    return (*states, action, there)


def _foresight(robot: str) -> Foresight:
    description = load_robot(robot)
    return Foresight(description, _contact(robot), INSTANTS).double()


def _contact(robot: str) -> ContactFeatures:
    return ContactFeatures(load_robot(robot), preset("default"), body_frame=robot == "humanoid").double()


@pytest.mark.parametrize("robot", ["cheetah", "hopper", "walker", "humanoid", "acrobot"])
def test_flight_ends_where_the_step_ends(robot):
    description = load_robot(robot)
    qpos, qvel, _, there = _flights(robot)
    motion = mean_motion(description, qpos, qvel, there.qpos, there.qvel)
    if description.integrator == "Euler" and description.substeps == 1:
        motion = motion._replace(drift=None)
    then_q, then_v = _foresight(robot).states(qpos, qvel, motion)
    end_q, end_v = semi_implicit(lambda *_: motion, description, qpos, qvel, description.control_step)
    torch.testing.assert_close(then_v[:, -1], end_v, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(then_q[:, -1], end_q, rtol=1e-5, atol=1e-5)


def test_the_way_of_flight_is_that_of_the_physics_steps():
    """Between its ends the way is known to a small part of what velocities change by."""
    qpos, qvel, action, there = _flights("hopper", rows=256)
    motion = mean_motion(load_robot("hopper"), qpos, qvel, there.qpos, there.qvel)
    then_q, then_v = _foresight("hopper").states(qpos, qvel, motion)
    steps = action[:, None].expand(-1, 4, -1)
    path = TrueDynamics("hopper@0.005", constrained=False).rollout(qpos, qvel, steps)
    change = (path.qvel[:, -1] - qvel).square().mean()
    assert (then_v[:, 1:] - path.qvel).square().mean() < 0.01 * change
    assert (then_q[:, 1:] - path.qpos).square().mean() < 0.01 * change * 0.02**2


def test_what_is_foreseen_is_what_would_be_touched_there():
    """The way of flight ends in the state that contact-free motion ends in, and tells the same of it as a way that begins there."""
    description, contact = load_robot("hopper"), _contact("hopper")
    qpos, qvel, _, there = _flights("hopper")
    motion = mean_motion(description, qpos, qvel, there.qpos, there.qvel)
    seen = Foresight(description, contact, (1.0,)).double()(qpos, qvel, motion)
    kinematics = ForwardKinematics(description, contact.quantities)

    def told(q, v):
        return contact.along(q.unsqueeze(1), v.unsqueeze(1), kinematics(q.unsqueeze(1), v.unsqueeze(1)))

    now, then = told(qpos, qvel), told(there.qpos, there.qvel)
    acting = contact.along_size(2) - contact.along_size(1)
    present = contact.along_size(1) - acting
    torch.testing.assert_close(seen[:, : present + acting], now, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(seen[:, present + acting :], then[:, present:], rtol=1e-4, atol=1e-4)
    assert (seen[:, present + acting :] != 0).any()


def _model(robot: str, members: int) -> MoSim:
    torch.manual_seed(0)
    config = preset("substeps", members=members, remainder=Size(16, 1), correctors=(Size(32, 1),))
    model = MoSim(load_robot(robot), config)
    for parameter in model.parameters():  # blocks start at zero; make everything count
        torch.nn.init.normal_(parameter, std=0.1)
    return model


@pytest.mark.parametrize("rows", [1, 5, 200])
@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("robot", ["hopper", "humanoid"])
def test_a_model_that_foresees_predicts_alike_with_and_without_gradients(robot, members, rows):
    simulator = Simulator(_model(robot, members), {})
    qpos, qvel, action = (x.float() for x in _flights(robot, rows)[:3])
    plain = simulator.step(qpos, qvel, action)
    traced = simulator.step(qpos.clone().requires_grad_(), qvel, action)
    assert traced.qvel.requires_grad
    torch.testing.assert_close(plain.qpos, traced.qpos.detach(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(plain.qvel, traced.qvel.detach(), rtol=1e-3, atol=1e-3)
    alone = simulator.step(qpos[-1:], qvel[-1:], action[-1:])
    if members == 1:
        torch.testing.assert_close(plain.qvel[-1:], alone.qvel, rtol=1e-4, atol=1e-4)


def test_members_that_foresee_are_the_single_models_stacked():
    ensemble = _model("hopper", 3)
    state = [x.float() for x in _flights("hopper", 10)[:3]]
    together = Simulator(ensemble, {}).step(*state)
    for member in range(3):
        alone = Simulator(ensemble.subset([member]), {}).step(*state)
        torch.testing.assert_close(together.qvel[member::3], alone.qvel[member::3], rtol=1e-4, atol=1e-4)
    assert (Simulator(ensemble, {}).disagreement(*state) > 0).all()


def test_flight_alone_says_what_a_model_without_correctors_says():
    model = _model("hopper", 1)
    qpos, qvel, action = (x.float() for x in _flights("hopper")[:3])
    x = model.inputs(qpos, qvel, action, {})
    torch.testing.assert_close(model.outputs(x, qpos, qvel, correctors=0), model.flight(x))
    assert isinstance(model(qpos, qvel, action, {}), Motion)


@pytest.mark.parametrize("instants", [(0.0,), (1.5,), (-0.5, 1.0)])
def test_instants_outside_the_control_step_are_refused(instants):
    with pytest.raises(ValueError, match="shares of the control step, above 0 and at most 1"):
        MoSim(load_robot("hopper"), replace(preset("substeps"), foresight=instants))


def test_foresight_without_a_predictor_is_refused():
    with pytest.raises(ValueError, match="has no predictor, whose flight foresight needs"):
        MoSim(load_robot("hopper"), replace(preset("residual"), foresight=(1.0,)))


def test_correctors_behind_a_gate_act_only_where_something_is_near():
    torch.manual_seed(0)
    model = MoSim(replace(cube(), integrator="continuous"), preset("measured-contacts", members=2))
    for corrector in model.correctors:
        torch.nn.init.normal_(corrector.last.weight)
    simulator = Simulator(model, {})
    qpos = torch.tensor([[0, 0, height, 1, 0, 0, 0] for height in (1.0, 0.055, 0.1, 0.1)])
    qvel = torch.zeros(4, 6)
    qvel[3, 2] = -8.0  # falls onto the floor within a control step
    nothing = torch.zeros(4, 0)
    after = simulator.step(qpos, qvel, nothing)
    with_gradients = simulator.step(qpos.clone().requires_grad_(), qvel, nothing)
    torch.testing.assert_close(after.qvel, with_gradients.qvel.detach(), rtol=1e-4, atol=1e-5)
    for corrector in model.correctors:
        torch.nn.init.zeros_(corrector.last.weight)
        torch.nn.init.zeros_(corrector.last.bias)
    simulator.refresh()
    flight = simulator.step(qpos, qvel, nothing)
    same = (after.qvel == flight.qvel).all(-1)
    assert same.tolist() == [True, False, True, False]
