"""The functional core: pure, batched, and the same for any dynamics."""

from __future__ import annotations

import cProfile

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.envs.core import Core
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import load_task
from mosim_gym.truth.dynamics import TrueDynamics


class Frozen(mosim_gym.Dynamics):
    """Dynamics under which nothing moves; remembers the action it saw."""

    def __init__(self, robot):
        self.robot = robot

    def step(self, qpos, qvel, action, features=None):
        self.action, self.features = action, features
        return Step(qpos, qvel, qpos.new_zeros(len(qpos), 0))


@pytest.mark.parametrize("task", mosim_gym.tasks())
def test_the_same_generator_gives_the_same_starts(task):
    core = Core(load_task(task))
    a, b, c = (core.reset(torch.Generator().manual_seed(seed), 5) for seed in (1, 1, 2))
    torch.testing.assert_close(a.qpos, b.qpos, rtol=0, atol=0)
    torch.testing.assert_close(a.goal, b.goal, rtol=0, atol=0)
    assert not torch.equal(a.qpos, c.qpos)


def test_the_dynamics_sees_clipped_actions_and_the_reward_the_given_ones(generator):
    task = load_task("CartpoleBalance")
    core, dynamics = Core(task), Frozen(task.robot)
    state = core.reset(generator, 3)
    action = torch.tensor([[0.5], [1.0], [7.0]])
    after = core.step(state, action, dynamics)
    assert dynamics.action.flatten().tolist() == [0.5, 1.0, 1.0]
    assert dynamics.features is state.features
    assert after.reward[0] > after.reward[1]


def test_rows_do_not_depend_on_their_neighbours(generator, rng):
    task = load_task("CheetahRun")
    core, dynamics = Core(task, dtype=torch.float64), TrueDynamics("cheetah")
    state = core.reset(generator, 6)
    action = torch.from_numpy(rng.uniform(-1, 1, (6, 6)))
    together = core.step(state, action, dynamics)
    for row in range(6):
        options = {"qpos": state.qpos[row], "qvel": state.qvel[row]}
        alone = core.step(core.reset(generator, 1, options), action[row : row + 1], TrueDynamics("cheetah"))
        torch.testing.assert_close(alone.state.qpos[0], together.state.qpos[row])
        torch.testing.assert_close(alone.reward[0], together.reward[row])


def test_kinematics_run_once_a_step(generator):
    task = load_task("CheetahRun")
    core, dynamics = Core(task), Frozen(task.robot)
    state = core.reset(generator, 2)
    profile = cProfile.Profile()
    profile.runcall(core.step, state, torch.zeros(2, 6), dynamics)
    calls = {entry.code: entry.callcount for entry in profile.getstats()}
    assert calls[ForwardKinematics.__call__.__code__] == 1


def test_rewards_carry_gradients_to_the_action(generator):
    task = load_task("AcrobotSwingup")

    class Push(Frozen):
        def step(self, qpos, qvel, action, features=None):
            return Step(qpos + 0.1 * action, qvel, qpos.new_zeros(len(qpos), 0))

    core = Core(task)
    action = torch.zeros(4, 1, requires_grad=True)
    core.step(core.reset(generator, 4), action, Push(task.robot)).reward.sum().backward()
    assert action.grad is not None
    assert (action.grad != 0).all()


def test_options_are_checked(generator):
    core = Core(load_task("ReacherEasy"))
    state = core.reset(generator, 4, {"qpos": [0.1, 0.2], "goal": np.zeros((4, 2))})
    assert state.qpos.shape == (4, 2)
    assert (state.qvel == 0).all()
    assert (state.goal == 0).all()
    with pytest.raises(ValueError, match=r"options\['goal'\] has shape \(3,\); ReacherEasy needs \(2,\) or \(4, 2\)"):
        core.reset(generator, 4, {"goal": [1, 2, 3]})
    with pytest.raises(ValueError, match="not finite"):
        core.reset(generator, 4, {"qvel": [np.inf, 0]})
    with pytest.raises(KeyError, match="Unknown reset option 'target'"):
        core.reset(generator, 4, {"target": [0, 0]})
