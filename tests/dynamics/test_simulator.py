"""A simulator with a memory, for which the commands before the present one are inputs; a simulator in float64."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from tests.training.small import SMALL

import mosim_gym
from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.finer import FinerSteps
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.world_model import as_world_model
from mosim_gym.robots import load_robot
from mosim_gym.zoo.checkpoint import load_checkpoint, save_checkpoint


def remembering(memory=2, members=2, robot="acrobot"):
    """An untrained simulator with a memory."""
    with initialised_by(0):
        model = MoSim(load_robot(robot), dataclasses.replace(SMALL, memory=memory, members=members))
        for corrector in model.correctors:
            torch.nn.init.normal_(corrector.last.weight)
    return Simulator(model, {"name": robot})


@pytest.fixture
def batch(rng):
    """Four states, five commands from each, and two before them."""
    return tuple(rng.uniform(-0.9, 0.9, shape).astype(np.float32) for shape in ((4, 2), (4, 2), (4, 5, 1), (4, 2, 1)))


def test_commands_before_that_equal_the_present_one_are_as_good_as_none(batch):
    qpos, qvel, actions, _ = batch
    simulator, action = remembering(), actions[:, 0]
    said = simulator.step(qpos, qvel, action)
    known = simulator.step(qpos, qvel, action, previous=np.repeat(action[:, None], 2, 1))
    np.testing.assert_array_equal(said.qvel, known.qvel)


def test_each_of_the_commands_before_matters(batch):
    qpos, qvel, actions, previous = batch
    simulator = remembering()
    said = simulator.step(qpos, qvel, actions[:, 0], previous=previous).qvel
    for place in (0, 1):
        other = previous.copy()
        other[:, place] = -other[:, place]
        assert np.abs(simulator.step(qpos, qvel, actions[:, 0], previous=other).qvel - said).min() > 0


def test_a_rollout_hands_each_command_on_to_the_steps_after_it(batch):
    qpos, qvel, actions, previous = batch
    simulator = remembering()
    path = simulator.rollout(qpos, qvel, actions, previous=previous)
    general = mosim_gym.Dynamics.rollout(simulator, qpos, qvel, actions, previous)
    commands = np.concatenate((previous, actions), axis=1)
    for t in range(5):
        qpos, qvel, _ = simulator.step(qpos, qvel, actions[:, t], previous=commands[:, t : t + 2])
        np.testing.assert_allclose(path.qvel[:, t], qvel, rtol=1e-5)
        np.testing.assert_allclose(general.qvel[:, t], qvel, rtol=1e-5)


def test_a_history_gives_the_commands_before(batch):
    qpos, qvel, actions, previous = batch
    simulator = remembering()
    model = as_world_model(simulator)
    assert model.context == 3
    history = History(*(np.repeat(part[:, None], 3, 1) for part in (qpos, qvel)), previous)
    path = model.rollout(history, actions)
    np.testing.assert_array_equal(path.qvel, simulator.rollout(qpos, qvel, actions, previous=previous).qvel)


def test_members_disagree_about_the_commands_before_too(batch):
    qpos, qvel, action, previous = (torch.from_numpy(part) for part in batch)
    simulator = remembering()
    known, unknown = (simulator.disagreement(qpos, qvel, action[:, 0], previous=p) for p in (previous, None))
    assert not torch.equal(known, unknown)


def test_gradients_reach_the_commands_before(batch):
    qpos, qvel, actions, previous = (torch.from_numpy(part) for part in batch)
    previous.requires_grad_()
    remembering().step(qpos, qvel, actions[:, 0], previous=previous).qvel.sum().backward()
    assert previous.grad is not None
    assert previous.grad.abs().min() > 0


def test_longer_control_steps_know_the_commands_before_as_the_shorter_ones_do(batch, rng):
    fine = remembering(memory=3, members=1)
    coarse = FinerSteps(fine, fine.robot, 2)
    assert coarse.memory == 2
    qpos, qvel, actions, previous = batch
    whole = np.repeat(np.concatenate((previous, actions), axis=1), 2, axis=1)
    path = fine.rollout(qpos, qvel, whole[:, 4:], previous=whole[:, 1:4])
    np.testing.assert_allclose(
        coarse.rollout(qpos, qvel, actions, previous=previous).qvel, path.qvel[:, 1::2], rtol=1e-6
    )
    step = coarse.step(qpos, qvel, actions[:, 0], previous=previous)
    np.testing.assert_allclose(step.qvel, path.qvel[:, 1], rtol=1e-5)
    np.testing.assert_array_equal(
        coarse.step(qpos, qvel, actions[:, 0]).qvel, coarse.rollout(qpos, qvel, actions[:, :1]).qvel[:, 0]
    )


def test_a_memory_is_kept_in_a_checkpoint(batch, tmp_path):
    qpos, qvel, actions, previous = batch
    simulator = remembering()
    path = save_checkpoint(tmp_path / "c.safetensors", simulator.model, {"name": "acrobot"})
    again = load_checkpoint(path, simulator.robot)
    assert again.memory == 2
    ours, theirs = (s.rollout(qpos, qvel, actions, previous=previous).qvel for s in (simulator, again))
    np.testing.assert_array_equal(ours, theirs)


def test_models_without_a_memory_are_as_they_were(batch):
    simulator = mosim_gym.load("acrobot")
    qpos, qvel, actions, _ = batch
    assert simulator.memory == 0
    assert MoSimConfig.from_dict({k: v for k, v in SMALL.to_dict().items() if k != "memory"}) == SMALL
    np.testing.assert_array_equal(
        simulator.step(qpos, qvel, actions[:, 0]).qvel,
        simulator.step(qpos, qvel, actions[:, 0], previous=np.zeros((4, 0, 1), np.float32)).qvel,
    )
    with pytest.raises(ValueError, match=r"previous has shape \(4, 1, 1\); these dynamics of acrobot need \(4, 0, 1\)"):
        simulator.step(qpos, qvel, actions[:, 0], previous=actions[:, :1])


@pytest.mark.parametrize("name", ["qpos", "qvel", "actions"])
def test_a_rollout_from_a_state_that_is_not_finite_names_its_row(name):
    start = {"qpos": np.zeros((3, 1)), "qvel": np.zeros((3, 1)), "actions": np.zeros((3, 4, 1))}
    start[name][1] = np.nan
    with pytest.raises(ValueError, match=f"{name} of row 1 is not finite"):
        mosim_gym.load("pendulum").rollout(**start)


@pytest.mark.parametrize("name", ["acrobot", "hopper"])
def test_in_float64_the_same_weights_move_states_of_float64(name, rng):
    single, double = mosim_gym.load(name), mosim_gym.load(name, precision="float64")
    robot = single.robot
    qpos, qvel = np.tile(robot.qpos0, (40, 1)), rng.normal(size=(40, robot.nv))
    actions = rng.uniform(-1, 1, (40, 5, robot.nu))
    coarse, fine = (simulator.rollout(qpos, qvel, actions) for simulator in (single, double))
    assert double.dtype == torch.float64
    assert fine.qpos.dtype == fine.qvel.dtype == np.float64
    np.testing.assert_allclose(coarse.qvel, fine.qvel, rtol=1e-4, atol=1e-3)
    one = double.rollout(qpos[:1], qvel[:1], actions[:1])
    np.testing.assert_allclose(one.qvel, fine.qvel[:1], rtol=1e-11, atol=1e-11)


def test_float64_sees_a_difference_that_float32_rounds_away(rng):
    qpos, action = rng.uniform(-3, 3, (50, 2)), rng.uniform(-1, 1, (50, 1))
    moved = {}
    for precision in ("float32", "float64"):
        simulator = mosim_gym.load("acrobot", precision=precision)
        here, there = (simulator.step(q, np.zeros((50, 2)), action).qpos for q in (qpos, qpos + 1e-9))
        moved[precision] = there - here
    np.testing.assert_allclose(moved["float64"], 1e-9, rtol=0.01)
    assert (moved["float32"] == 0).mean() > 0.8


def test_in_float64_gradients_are_those_of_the_step(rng):
    simulator = mosim_gym.load("acrobot", precision="float64")
    state = [torch.from_numpy(rng.uniform(-1, 1, (3, size))) for size in (2, 2, 1)]
    torch.autograd.gradcheck(lambda *s: simulator.step(*s)[:2], [part.requires_grad_() for part in state])


def test_a_simulator_in_float64_leaves_the_model_that_it_was_made_from_as_it_is():
    model = remembering().model
    Simulator(model, {}, precision="float64")
    assert model.input_mean.dtype == torch.float32


def test_a_checkpoint_of_a_simulator_in_float64_holds_the_same_weights(tmp_path):
    simulator = mosim_gym.load("acrobot", precision="float64")
    again = load_checkpoint(
        save_checkpoint(tmp_path / "c.safetensors", simulator.model, simulator.card), simulator.robot
    )
    assert again.model.digest() == mosim_gym.load("acrobot").model.digest()
