"""Models with a memory: environments and planners carry the commands before with the state."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.finer import FinerSteps
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.motion import Step
from mosim_gym.rl.strategies.planner import Planner, PlannerConfig
from mosim_gym.robots import load_robot

TASK = "PendulumSwingup"


class Late(mosim_gym.Dynamics):
    """The position is the command of two steps before, and the velocity the one of the step before."""

    memory = 2
    differentiable = True

    def __init__(self):
        self.robot = load_robot("pendulum")

    def step(self, qpos, qvel, action, features=None, previous=None):
        if previous is None:
            previous = action[:, None].expand(-1, 2, -1)
        return Step(previous[:, 0] + 0 * qpos, previous[:, 1] + 0 * qvel, qpos.new_zeros(len(qpos), 0))

    def recordable(self, rows):
        return True


COMMANDS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
WANTED = [0.1, 0.1, 0.1, 0.2, 0.3, 0.4]  # before the first command it had always been given


def _close(found, wanted):
    np.testing.assert_allclose(np.ravel(np.array(found, np.float64)), wanted, atol=1e-6)


@pytest.mark.parametrize("gradients", [False, True])
def test_a_step_has_the_commands_before_recorded_or_not(gradients):
    env = TorchEnv(TASK, 2, checkpoint=Late(), gradients=gradients)
    env.reset(seed=0)
    seen = []
    for command in COMMANDS:
        env.step(torch.full((2, 1), command))
        seen.append(env.state.qpos[1, 0].item())
    _close(seen, WANTED)
    replay = env.advance.replays[2]
    assert replay.proofs == (None if gradients else 3)


def test_a_single_environment_has_them_too_and_says_them():
    env = mosim_gym.make_env(Late(), lambda f, a: f.qvel[:, 0])
    _, info = env.reset(seed=0)
    assert np.isnan(info["previous"]).all()
    seen = []
    for command in COMMANDS:
        *_, info = env.step(np.array([command], np.float32))
        seen.append(info["qpos"][0])
    _close(seen, WANTED)
    _close(info["previous"], [0.5, 0.6])
    other = mosim_gym.make_env(Late(), lambda f, a: f.qvel[:, 0])
    other.reset(options=info)
    assert other.step(np.zeros(1, np.float32))[4]["qpos"][0] == pytest.approx(0.5)
    other.reset()
    assert other.step(np.ones(1, np.float32))[4]["qpos"][0] == 1.0


def test_rows_that_begin_anew_have_none_and_the_others_keep_theirs():
    env = mosim_gym.make_env(Late(), lambda f, a: f.qvel[:, 0], num_envs=3, autoreset_mode="Disabled")
    env.reset(seed=0)
    env.step(np.full((3, 1), 0.5, np.float32))
    _, info = env.reset(options={"reset_mask": np.array([True, False, False])})
    assert np.isnan(info["previous"][0]).all()
    *_, info = env.step(np.full((3, 1), 0.25, np.float32))
    _close(info["qpos"], [0.25, 0.5, 0.5])


def test_saved_and_copied_environments_go_on_alike():
    env = TorchEnv(TASK, 2, checkpoint=Late())
    env.reset(seed=0)
    env.step(torch.full((2, 1), 0.5))
    twin = copy.deepcopy(env)
    again = TorchEnv(TASK, 2, checkpoint=Late())
    again.reset(seed=1)
    again.resume(env.snapshot())
    for other in (env, twin, again):
        other.step(torch.zeros(2, 1))
        _close(other.state.qpos.numpy(), [0.5, 0.5])


def test_gradients_go_through_the_commands_before_up_to_a_detach():
    env = TorchEnv(TASK, 2, checkpoint=Late(), gradients=True)
    env.reset(seed=0)
    first = torch.full((2, 1), 0.5, requires_grad=True)
    env.step(first)
    env.step(torch.zeros(2, 1))
    env.step(torch.zeros(2, 1))
    assert torch.autograd.grad(env.state.qpos.sum(), first, retain_graph=True)[0].tolist() == [[1.0], [1.0]]
    env.detach()
    env.step(torch.zeros(2, 1))
    assert not env.state.qpos.requires_grad


def test_planners_begin_with_what_they_commanded():
    config = PlannerConfig(horizon=2, samples=8, iterations=1)
    info = {"qpos": np.zeros(1), "qvel": np.zeros(1)}
    by_itself, told = (Planner(TASK, config, checkpoint=Late()) for _ in range(2))
    commands = [by_itself.predict(None, state=info)[0] for _ in range(3)]
    told.predict(None, state=info)
    told.predict(None, state={**info, "previous": np.stack((commands[0], commands[0]))})
    third, _ = told.predict(None, state={**info, "previous": np.stack((commands[0], commands[1]))})
    _close(third, commands[2])


def test_wrong_commands_are_refused_and_models_without_memory_ignore_them():
    env = mosim_gym.make_env(Late(), lambda f, a: f.qvel[:, 0])
    with pytest.raises(ValueError, match=r"options\['previous'\] has shape \(1,\); this task needs \(2, 1\)"):
        env.reset(options={"previous": [0.0]})
    plain = mosim_gym.make_env("pendulum", lambda f, a: f.qvel[:, 0])
    _, info = plain.reset(seed=0, options={"previous": [0.0]})
    assert "previous" not in info


def test_a_learned_model_with_memory_rolls_out_as_its_environment_does():
    robot = load_robot("pendulum")
    torch.manual_seed(0)
    model = MoSim(robot, replace(preset("small"), memory=2))
    simulator = Simulator(model, {"name": "pendulum"})
    env = TorchEnv(TASK, 3, checkpoint=simulator, outside_model="continue")
    env.reset(seed=0)
    actions = torch.rand(3, 5, 1) * 2 - 1
    path = simulator.rollout(env.state.qpos, env.state.qvel, actions)
    for t in range(5):
        env.step(actions[:, t])
        torch.testing.assert_close(env.state.qpos, path.qpos[:, t], atol=1e-5, rtol=1e-5)


def test_finer_steps_hold_each_command_before_as_long():
    finer = FinerSteps(Late(), load_robot("pendulum"), 2)
    assert finer.memory == 1
    q = torch.zeros(1, 1)
    step = finer.step(q, q, torch.full((1, 1), 0.5), None, torch.full((1, 1, 1), 0.25))
    _close(torch.stack((step.qpos, step.qvel)).numpy(), [0.25, 0.5])


def test_states_in_which_episodes_begin_may_have_commands_before_them():
    states = {"qpos": [[0.1], [0.1]], "qvel": [[0.0], [0.0]], "previous": np.full((2, 2, 1), 0.25)}
    for num_envs in (None, 3):
        env = mosim_gym.make_env(Late(), lambda f, a: f.qvel[:, 0], reset=states, num_envs=num_envs)
        assert np.all(env.reset(seed=0)[1]["previous"] == 0.25)
