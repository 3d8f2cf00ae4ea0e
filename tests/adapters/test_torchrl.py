"""Environments for TorchRL: its own check passes, its rollouts have our episodes, and gradients flow where they are wanted."""

from __future__ import annotations

import gymnasium
import pytest
import torch

pytest.importorskip("torchrl", reason="torchrl is not installed")

from torchrl.envs import GymWrapper
from torchrl.envs.utils import check_env_specs

from mosim_gym.adapters.torchrl import MoSimTorchRL
from mosim_gym.envs.batch import TorchEnv

pytestmark = pytest.mark.slow


def _constant(action):
    """A policy that gives `action`."""
    return lambda td: td.set("action", action.clone())


@pytest.mark.parametrize("mode", ["Disabled", "SameStep"])
def test_its_gymnasium_wrapper_takes_the_batched_environment(mode):
    env = GymWrapper(gymnasium.make_vec("MoSim/CheetahRun-v0", num_envs=4, autoreset_mode=mode, max_episode_steps=3))
    check_env_specs(env)
    path = env.rollout(7, break_when_any_done=False)
    assert path["next", "truncated"][0, :, 0].tolist() == [False, False, True, False, False, True, False]
    after, before = path["observation"][:, 1:3], path["next", "observation"][:, :2]
    torch.testing.assert_close(after, before)


def test_its_check_passes_on_the_environment_that_stays_in_torch():
    env = MoSimTorchRL("CheetahRun", 5, max_episode_steps=4)
    check_env_specs(env, seed=0)
    assert env.batch_size == torch.Size([5])
    assert env.action_spec.shape == (5, 6)
    assert not env.action_spec.is_in(torch.full((5, 6), 1.1))


def test_a_rollout_has_the_episodes_of_the_torch_environment():
    env, plain = MoSimTorchRL("CartpoleSwingup", 3, max_episode_steps=3), TorchEnv("CartpoleSwingup", 3)
    env.set_seed(7)
    path = env.rollout(5, _constant(torch.full((3, 1), 0.3)), break_when_any_done=False)
    observation = plain.reset(seed=7)
    for step in range(3):
        torch.testing.assert_close(path["observation"][:, step], observation, rtol=0, atol=0)
        moved = plain.step(torch.full((3, 1), 0.3))
        observation = moved.observation
        torch.testing.assert_close(path["next", "reward"][:, step, 0], moved.reward, rtol=0, atol=0)
    torch.testing.assert_close(path["next", "observation"][:, 2], observation, rtol=0, atol=0)
    assert path["next", "truncated"][:, 2].all()
    assert not path["next", "done"][:, 3:].any()  # TorchRL has begun new episodes
    assert not torch.equal(path["observation"][:, 3], observation)


def test_only_the_rows_that_are_over_begin_anew():
    env = MoSimTorchRL("CartpoleSwingup", 3, max_episode_steps=4)
    data = env.reset()
    env.torch.elapsed = torch.tensor([3, 0, 0])
    _, following = env.step_and_maybe_reset(data.set("action", torch.zeros(3, 1)))
    assert env.torch.elapsed.tolist() == [0, 1, 1]
    torch.testing.assert_close(following["observation"], env.torch.observation())


def test_rewards_are_differentiable_where_gradients_are_wanted():
    env = MoSimTorchRL("CartpoleSwingup", 4, gradients=True)
    action = torch.zeros(4, 1, requires_grad=True)
    path = env.rollout(5, _constant(action))
    path["next", "reward"].sum().backward()
    assert action.grad is not None
    assert (action.grad != 0).all()
    plain = MoSimTorchRL("CartpoleSwingup", 4).rollout(2, _constant(action))
    assert not plain["next", "reward"].requires_grad


def test_episodes_begin_where_the_options_say():
    env = MoSimTorchRL("CartpoleSwingup", 2)
    env.reset(options={"qpos": [0.5, 1.0]})
    assert env.torch.state.qpos.tolist() == [[0.5, 1.0]] * 2


def test_a_batch_of_ones_own_is_taken_and_one_that_resets_itself_is_refused():
    assert MoSimTorchRL(TorchEnv("CartpoleSwingup", 3, autoreset="disabled")).reset()["observation"].shape == (3, 5)
    with pytest.raises(ValueError, match="autoreset_mode='Disabled'"):
        MoSimTorchRL(TorchEnv("CartpoleSwingup", 3))
    with pytest.raises(TypeError, match="leave it out"):
        MoSimTorchRL("CartpoleSwingup", 3, autoreset="disabled")
    with pytest.raises(TypeError, match="checkpoint: the batch has its options already"):
        MoSimTorchRL(TorchEnv("CartpoleSwingup", 3, autoreset="disabled"), checkpoint="truth")
