"""A simulator with a memory: the commands before the present one are inputs."""

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
