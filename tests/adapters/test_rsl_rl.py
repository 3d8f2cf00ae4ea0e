"""The batched environment as rsl_rl wants it: its own runner trains in it, and is told which episodes were only cut short."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("rsl_rl", reason="rsl_rl is not installed")

from rsl_rl.runners import OnPolicyRunner

from mosim_gym.adapters.rsl_rl import MoSimRslRl
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.making import make_env

pytestmark = pytest.mark.slow


def _settings(steps):
    network = {"class_name": "MLPModel", "hidden_dims": [64, 64], "activation": "elu"}
    noise = {"class_name": "GaussianDistribution", "init_std": 0.5}
    return {
        "num_steps_per_env": steps,
        "save_interval": 100,
        "obs_groups": {"actor": ["policy"], "critic": ["policy"]},
        "actor": network | {"distribution_cfg": noise, "obs_normalization": True},
        "critic": network | {"obs_normalization": True},
        "algorithm": {"class_name": "PPO", "learning_rate": 1e-3, "gamma": 0.98, "num_mini_batches": 4},
        "logger": "tensorboard",
    }


def test_its_runner_trains_a_policy_that_earns_more(tmp_path):
    torch.manual_seed(0)
    cart = {"num_envs": 64, "max_episode_steps": 50, "autoreset_mode": "SameStep"}
    env = MoSimRslRl(make_env("cartpole", lambda features, action: 1 - (action[:, 0] - 0.5) ** 2, **cart).torch)
    runner = OnPolicyRunner(env, _settings(16), str(tmp_path), "cpu")
    before = runner.get_inference_policy()(env.get_observations())
    runner.learn(15, init_at_random_ep_len=True)
    after = runner.get_inference_policy()(env.get_observations())
    assert (after - 0.5).abs().mean() < 0.5 * (before - 0.5).abs().mean()
    assert torch.isfinite(env.step(after.detach())[1]).all()  # outside inference mode, too
    assert next(tmp_path.glob("model_*.pt"))


def test_episodes_that_were_cut_short_are_time_outs_and_those_the_task_ended_are_not():
    env = MoSimRslRl("CartpoleSwingup", 5, max_episode_steps=4)
    env.episode_length_buf = torch.tensor([0, 1, 2, 3, 0])
    flags = [env.step(torch.zeros(5, 1)) for _ in range(2)]
    assert flags[0][2].tolist() == flags[0][3]["time_outs"].tolist() == [0, 0, 0, 1, 0]
    assert flags[1][2].tolist() == flags[1][3]["time_outs"].tolist() == [0, 0, 1, 0, 0]
    assert env.episode_length_buf.tolist() == [2, 3, 0, 1, 2]

    high = torch.tensor([[1e3, 0.0]] * 2)  # far outside the training box
    outside = TorchEnv("CartpoleSwingup", 2, outside_model="terminate", reset_from=(high[:1].numpy(), np.zeros((1, 2))))
    _, _, dones, extras = MoSimRslRl(outside).step(torch.zeros(2, 1))
    assert dones.tolist() == [1, 1]
    assert extras["time_outs"].tolist() == [False, False]
    assert extras["log"]["/ends/outside the training box"] == 1


def test_actions_between_minus_one_and_one_span_the_range_of_the_actuators():
    env = MoSimRslRl("PandaReach", 3, checkpoint="truth")
    low, high = (torch.as_tensor(side).float() for side in env.torch.task.robot.control_range)
    plain = TorchEnv("PandaReach", 3, checkpoint="truth")
    for action, command in ((-1.0, low), (0.0, (low + high) / 2), (1.0, high), (7.0, high)):
        env.torch.reset(seed=0)
        plain.reset(seed=0)
        observation, reward, _, _ = env.step(torch.full((3, env.num_actions), action))
        expected = plain.step(command.repeat(3, 1))
        torch.testing.assert_close(observation["policy"], expected.observation)
        torch.testing.assert_close(reward, expected.reward)


def test_a_batch_of_ones_own_is_taken_and_one_that_resets_otherwise_is_refused():
    assert MoSimRslRl(TorchEnv("CartpoleSwingup", 3)).get_observations()["policy"].shape == (3, 5)
    with pytest.raises(ValueError, match="autoreset_mode='SameStep'"):
        MoSimRslRl(TorchEnv("CartpoleSwingup", 3, autoreset="next_step"))
    with pytest.raises(TypeError, match="leave it out"):
        MoSimRslRl("CartpoleSwingup", 3, autoreset="same_step")
    with pytest.raises(TypeError, match="checkpoint: the batch has its options already"):
        MoSimRslRl(TorchEnv("CartpoleSwingup", 3), checkpoint="truth")
