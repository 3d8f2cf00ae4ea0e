"""The contract of `Dynamics`, which everything that moves a robot keeps."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.dynamics.finer import FinerSteps
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.prediction import prediction_errors
from mosim_gym.mechanics import integrate
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import load_robot
from mosim_gym.truth.dynamics import TrueDynamics


class Coast(mosim_gym.Dynamics):
    """All velocities stay as they are; only what a subclass must define is defined."""

    def __init__(self, robot):
        self.robot = robot

    def step(self, qpos, qvel, action, features=None):
        return Step(integrate(self.robot, qpos, qvel, self.timestep), qvel, qpos.new_zeros(len(qpos), 0))


DYNAMICS = {
    "a learned model": lambda: mosim_gym.load("cheetah"),
    "an adaptive solver": lambda: mosim_gym.load("pendulum", solver="dopri5"),
    "shorter control steps": lambda: FinerSteps(mosim_gym.load("hopper@0.005"), load_robot("hopper"), 4),
    "the truth": lambda: TrueDynamics("cheetah"),
    "one's own": lambda: Coast(load_robot("cheetah")),
}


@pytest.fixture(params=DYNAMICS)
def dynamics(request):
    return DYNAMICS[request.param]()


def _batch(dynamics, rows=6, steps=4):
    robot, rng = dynamics.robot, np.random.default_rng(0)
    bank = next(iter(robot.reset_banks.values()))
    qpos = torch.as_tensor(np.repeat(bank.qpos[:1], rows, 0)).to(dynamics.dtype)
    qvel = torch.zeros(rows, robot.nv, dtype=dynamics.dtype)
    actions = torch.from_numpy(rng.uniform(-1, 1, (rows, steps, robot.nu))).to(dynamics.dtype)
    return qpos, qvel, actions


def test_a_step_gives_states_of_the_robot_in_the_dynamics_precision(dynamics):
    qpos, qvel, actions = _batch(dynamics)
    after = dynamics.step(qpos, qvel, actions[:, 0])
    assert (after.qpos.shape, after.qvel.shape) == (qpos.shape, qvel.shape)
    assert after.sensors.shape[0] == len(qpos)
    assert (after.qpos.dtype, after.qvel.dtype) == (dynamics.dtype, dynamics.dtype)
    assert torch.isfinite(after.qpos).all()
    assert dynamics.timestep == dynamics.robot.control_step


def test_a_rollout_is_its_steps_one_after_another(dynamics):
    qpos, qvel, actions = _batch(dynamics)
    path = dynamics.rollout(qpos, qvel, actions)
    assert path.qpos.shape == (*actions.shape[:2], dynamics.robot.nq)
    for t in range(actions.shape[1]):
        qpos, qvel, sensors = dynamics.step(qpos, qvel, actions[:, t])
        torch.testing.assert_close(path.qpos[:, t], qpos, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(path.qvel[:, t], qvel, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(path.sensors[:, t], sensors, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in DYNAMICS if name != "the truth"])  # whose solver has a memory
def test_a_step_depends_on_nothing_but_its_arguments(name):
    dynamics = DYNAMICS[name]()
    qpos, qvel, actions = _batch(dynamics)
    first, other, again = (dynamics.step(qpos, qvel, actions[:, t]) for t in (0, 1, 0))
    torch.testing.assert_close(first.qpos, again.qpos, rtol=0, atol=0)
    assert torch.isfinite(other.qpos).all()


def test_gradients_reach_the_action_where_the_dynamics_says_so(dynamics):
    qpos, qvel, actions = _batch(dynamics)
    action = actions[:, 0].requires_grad_()
    assert dynamics.step(qpos, qvel, action).qvel.requires_grad == dynamics.differentiable


def test_only_dynamics_that_keep_warm_starts_take_them(dynamics):
    qpos, qvel, _ = _batch(dynamics, rows=1)
    if dynamics.keeps_warm_starts:
        dynamics.remember(qpos, qvel, np.zeros((1, dynamics.robot.nv)))
    else:
        with pytest.raises(NotImplementedError, match="keeps no warm starts"):
            dynamics.remember(qpos, qvel, np.zeros((1, dynamics.robot.nv)))


def test_only_ensembles_disagree(dynamics):
    qpos, qvel, actions = _batch(dynamics)
    if dynamics.members > 1:
        assert (dynamics.disagreement(qpos, qvel, actions[:, 0]) >= 0).all()
    else:
        with pytest.raises(ValueError, match="at least two ensemble members"):
            dynamics.disagreement(qpos, qvel, actions[:, 0])


def test_only_the_truth_counts_as_real_experience():
    assert [name for name, make in DYNAMICS.items() if make().is_truth] == ["the truth"]


def test_dynamics_of_ones_own_move_every_kind_of_environment():
    dynamics = Coast(load_robot("cheetah"))
    single = gym.make("MoSim/CheetahRun-v0", checkpoint=dynamics)
    batch = gym.make_vec("MoSim/CheetahRun-v0", num_envs=3, checkpoint=dynamics)
    for env in (single, batch):
        env.reset(seed=0)
        assert env.observation_space.contains(env.step(env.action_space.sample())[0])
    with pytest.raises(ValueError, match="Coast has no gradients"):
        gym.make_vec("MoSim/CheetahRun-v0", num_envs=3, checkpoint=dynamics, gradients=True)


def test_dynamics_of_ones_own_predict_from_numpy_too():
    test = random_test("cheetah", "uniform", segments=3, steps=8, seed=0)
    dynamics = Coast(load_robot("cheetah"))
    path = dynamics.rollout(test.qpos, test.qvel, test.actions)
    assert isinstance(path.qpos, np.ndarray)
    np.testing.assert_allclose(path.qvel, np.repeat(test.qvel[:, None], 8, 1), rtol=1e-6)
    assert prediction_errors(dynamics, test)["one_step_raw"] > 0


def test_an_object_that_does_not_derive_from_the_base_class_is_refused_in_one_sentence():
    with pytest.raises(TypeError, match=r"checkpoint is a dict; .* derives from mosim_gym\.Dynamics"):
        gym.make("MoSim/CheetahRun-v0", checkpoint={})
