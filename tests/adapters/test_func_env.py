"""The functional core under the names of Gymnasium's FuncEnv: its methods give the steps of the environments, without hidden state."""

from __future__ import annotations

import pytest
import torch
from gymnasium.experimental.functional import FuncEnv

from mosim_gym.adapters.func_env import MoSimFuncEnv
from mosim_gym.envs.batch import TorchEnv


def test_its_methods_give_the_steps_of_the_torch_environment(generator):
    env, plain = MoSimFuncEnv("CheetahRun", 3), TorchEnv("CheetahRun", 3)
    assert isinstance(env, FuncEnv)
    state = env.initial(generator)
    plain.reset(options={"qpos": state.qpos.numpy(), "qvel": state.qvel.numpy()})
    for _ in range(3):
        action = 2 * torch.rand(3, 6, generator=generator) - 1
        after = env.transition(state, action)
        reward = env.reward(state, action, after)
        expected = plain.step(action)
        torch.testing.assert_close(env.observation(after), expected.observation, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(reward, expected.reward, atol=1e-4, rtol=1e-4)
        assert env.terminal(after).tolist() == expected.terminated.tolist() == [False] * 3
        state = after
    assert env.observation_space.contains(env.observation(state)[0].detach().numpy())


def test_a_state_can_be_used_again_and_starts_follow_from_the_generator(generator):
    env = MoSimFuncEnv("CartpoleSwingup", 2)
    state = env.initial(generator)
    again = env.initial(torch.Generator().manual_seed(0))
    assert torch.equal(state.qpos, again.qpos)
    action = torch.tensor([[0.3], [-0.9]])
    first, second = env.transition(state, action), env.transition(state, action)
    assert torch.equal(first.qpos, second.qpos)
    assert env.state_info(first)["inside"].tolist() == [True, True]


def test_rewards_are_differentiable_functions_of_actions(generator):
    env = MoSimFuncEnv("CartpoleSwingup", 2)
    state, action = env.initial(generator), torch.zeros(2, 1, requires_grad=True)
    env.reward(state, action, env.transition(state, action)).sum().backward()
    assert action.grad is not None
    assert (action.grad != 0).all()


def test_the_truth_has_the_same_methods_and_no_box(generator):
    env = MoSimFuncEnv("CartpoleSwingup", checkpoint="truth")
    after = env.transition(env.initial(generator), torch.zeros(1, 1))
    assert sorted(env.state_info(after)) == ["goal", "qpos", "qvel"]


def test_seeds_in_place_of_a_generator_and_actions_of_another_shape_are_refused(generator):
    env = MoSimFuncEnv("CartpoleSwingup", 2)
    with pytest.raises(
        TypeError, match=r"rng is 0; it must be a generator, such as torch\.Generator\(\)\.manual_seed\(0\)"
    ):
        env.initial(0)
    state = env.initial(generator)
    with pytest.raises(ValueError, match=r"The actions have shape \(1,\); these environments need \(2, 1\)"):
        env.transition(state, torch.zeros(1))
