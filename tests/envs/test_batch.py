"""`TorchEnv`: gradients, threads and shards of a batch."""

from __future__ import annotations

import copy
import os
import pickle  # noqa: TID251
import threading

import gymnasium as gym
import numpy as np
import pytest
import torch
from tests.envs.broken import Broken
from tests.envs.walking import walk

import mosim_gym
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.penalties.base import Charge, Penalty
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import load_robot

ROWS = 600


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _single_and_batch() -> list:
    return [gym.make(env_id("PendulumSwingup")), gym.make_vec(env_id("PendulumSwingup"), num_envs=ROWS)]


def test_making_and_stepping_leave_the_users_number_of_threads(two_threads):
    for env in _single_and_batch():
        env.reset(seed=0)
        for _ in range(6):
            env.step(env.action_space.sample())
        with pytest.raises(ValueError, match="action"):
            env.step(np.zeros((3, 3, 3), np.float32))
        assert torch.get_num_threads() == 2


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core has no shards")
@pytest.mark.parametrize("task", ["PendulumSwingup", "HopperHop"])
def test_a_batch_in_shards_goes_as_one_without_and_every_time_to_the_last_bit(two_threads, task):
    sharded = [walk(TorchEnv(task, ROWS)) for _ in range(2)]
    assert TorchEnv(task, ROWS).advance.shards is not None
    torch.set_num_threads(1)
    whole = walk(TorchEnv(task, ROWS))
    assert TorchEnv(task, ROWS).advance.shards is None
    for a, b, c in zip(*sharded, whole, strict=True):
        assert torch.equal(a, b)
        torch.testing.assert_close(a, c, rtol=1e-5, atol=1e-5 * float(c.abs().max()))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core has no shards")
def test_one_step_in_shards_differs_by_rounding_alone(two_threads):
    env = TorchEnv("HopperHop", ROWS)
    env.reset(seed=0)
    state, action = env.state, torch.zeros(ROWS, env.task.robot.nu)
    with torch.no_grad():
        sharded = env.advance(state, action).state
    moved = env.dynamics.step(state.qpos, state.qvel, action, state.features)
    for ours, theirs in ((sharded.qpos, moved.qpos), (sharded.qvel, moved.qvel)):
        assert float((ours - theirs).abs().max()) <= 1e-6 * float(theirs.abs().max())


def test_copies_of_a_batch_in_shards_go_on_alike(two_threads):
    env = TorchEnv("PendulumSwingup", ROWS)
    walk(env)
    action = torch.zeros(ROWS, 1)
    copies = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    wanted = env.step(action).observation
    for other in copies:
        assert torch.equal(other.step(action).observation, wanted)


@pytest.mark.parametrize("checkpoint", [None, "truth"])
def test_threads_that_share_an_environment_take_turns(checkpoint):
    env = TorchEnv("PendulumSwingup", 4, checkpoint=checkpoint)
    env.reset(seed=0)
    faults = []

    def steps():
        try:
            for _ in range(30):
                env.step(torch.zeros(4, 1))
        except RuntimeError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=steps) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert env.elapsed.tolist() == [180] * 4


@pytest.mark.parametrize("rows", [1, 64])
def test_what_the_program_sets_does_not_change_the_motion(rows):
    wanted = walk(TorchEnv("HopperHop", rows))
    torch.set_float32_matmul_precision("medium")
    torch.set_default_dtype(torch.float64)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = walk(TorchEnv("HopperHop", rows))
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.set_default_dtype(torch.float32)
    assert all(torch.equal(a, b) for a, b in zip(wanted, found, strict=True))


def _vec(task, num_envs=4, **options):
    return gym.make_vec(env_id(task), num_envs=num_envs, **options)


def test_episodes_that_begin_staggered_do_not_end_together():
    env = _vec("PendulumSwingup", 40, max_episode_steps=50, stagger=True)
    env.reset(seed=0)
    ends = [int(env.step(np.zeros((40, 1), np.float32))[3].sum()) for _ in range(50)]
    assert sum(ends) == 40
    assert max(ends) < 10


@pytest.mark.parametrize("gradients", [False, True])
def test_readings_that_are_no_numbers_never_reach_the_learner(gradients):
    dynamics = Broken(robot="hopper", readings=[[1.0, 2.0], [torch.inf, 0.0]])
    env = TorchEnv("HopperHop", 2, checkpoint=dynamics, gradients=gradients)
    env.reset(seed=0)
    step = env.step(torch.zeros(2, 4))
    assert step.truncated.tolist() == [False, True]
    assert step.final is not None
    assert bool(step.final.isfinite().all() & step.observation.isfinite().all())


class Toll(Penalty):
    """Takes a quarter off every reward."""

    def bind(self, core, dynamics):
        pass

    def charge(self, state, action):
        return Charge(torch.full((len(action),), 0.25), torch.zeros(len(action), dtype=torch.bool), {})


def test_a_row_that_diverges_leaves_the_penalties_of_the_others():
    seen = []
    for gradients in (False, True):
        dynamics = Broken()
        env = TorchEnv("PendulumSwingup", 3, checkpoint=dynamics, gradients=gradients)
        env.reset(seed=0)
        dynamics.rows = [0]
        with env.penalties.also(Toll()):
            step = env.step(torch.zeros(3, 1))
        seen.append((step.reward.detach(), env.raw_reward, env.penalty))
        torch.testing.assert_close(env.penalty, torch.tensor([0.0, 0.25, 0.25]))
        torch.testing.assert_close(step.reward.detach(), env.raw_reward - env.penalty)
    for without, with_gradients in zip(*seen, strict=True):
        torch.testing.assert_close(without, with_gradients)


def test_rewards_carry_gradients_back_to_actions_and_stop_where_told():
    env = TorchEnv("CartpoleSwingup", 4, gradients=True)
    env.reset(seed=0)
    action = torch.zeros(4, 1, requires_grad=True)
    total = sum(env.step(action).reward.sum() for _ in range(3))
    (gradient,) = torch.autograd.grad(total, action)
    assert gradient.abs().min() > 0
    numeric = []
    for shift in (-1e-2, 1e-2):
        env.reset(seed=0)
        numeric.append(sum(env.step(action.detach() + shift).reward for _ in range(3)))
    torch.testing.assert_close(gradient[:, 0], (numeric[1] - numeric[0]) / 2e-2, rtol=0.05, atol=1e-4)
    env.detach()
    assert not env.state.qpos.requires_grad
    assert not env.step(torch.zeros(4, 1)).reward.requires_grad


def test_a_row_that_diverges_leaves_the_gradients_of_the_others():
    class Overflowing(mosim_gym.Dynamics):
        """Moves by a shared parameter, and row 0 out of all bounds."""

        robot = load_robot("pendulum")
        differentiable = True
        push = torch.tensor(0.1, requires_grad=True)

        def step(self, qpos, qvel, action, features=None):
            wild = (torch.arange(len(qpos)) == 0)[:, None]
            speed = qvel + self.push * action
            speed = speed * torch.where(wild & (action != 0), torch.inf, 1.0)
            return Step(qpos + self.timestep * speed, speed, qpos.new_zeros(len(qpos), 0))

    dynamics = Overflowing()
    env = TorchEnv("PendulumSwingup", 4, checkpoint=dynamics, gradients=True, autoreset="disabled")
    env.reset(seed=0)
    step = env.step(torch.ones(4, 1))
    assert step.end.tolist() == [1, 0, 0, 0]
    (gradient,) = torch.autograd.grad(step.observation.sum(), dynamics.push)
    assert torch.isfinite(gradient)
    assert gradient != 0


def _copies(env):
    return copy.deepcopy(env), pickle.loads(pickle.dumps(env))


def test_a_copy_carries_gradients_back_to_where_it_was_copied():
    env = TorchEnv("CartpoleSwingup", 4, gradients=True)
    env.reset(seed=0)
    action = torch.zeros(4, 1, requires_grad=True)
    env.step(action)
    for twin in _copies(env):
        again = torch.zeros(4, 1, requires_grad=True)
        reward = twin.step(again).reward
        assert torch.autograd.grad(reward.sum(), again)[0].abs().min() > 0
    assert torch.autograd.grad(env.step(torch.zeros(4, 1)).reward.sum(), action)[0].abs().min() > 0


@pytest.mark.parametrize("task", ["ReacherEasy", "FingerSpin"])
def test_rewards_in_steps_have_gradients_that_are_zero(task):
    env = TorchEnv(task, 4, gradients=True)
    env.reset(seed=0)
    action = torch.zeros(4, env.task.robot.nu, requires_grad=True)
    env.step(action).reward.sum().backward()
    assert bool((action.grad == 0).all())
