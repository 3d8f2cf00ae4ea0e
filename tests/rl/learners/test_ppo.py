"""PPO: its advantages are right, it learns in many environments, and it moves its policy by no more than it should."""

from __future__ import annotations

import pytest
import torch

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.rl.learners.ppo import Ppo, PpoConfig, advantages
from mosim_gym.rl.report import real_return


def test_advantages_are_those_of_gae_and_end_with_episodes():
    rewards, values = torch.tensor([[1.0], [2.0]]), torch.tensor([[10.0], [20.0]])
    reached = torch.tensor([[20.0], [30.0]])
    second = 2 + 0.9 * 30 - 20
    first = 1 + 0.9 * 20 - 10 + 0.9 * 0.5 * second
    go_on = torch.zeros(2, 1, dtype=torch.bool)
    found = advantages(rewards, values, reached, go_on, discount=0.9, lam=0.5)
    torch.testing.assert_close(found, torch.tensor([[first], [second]]))
    ended = torch.tensor([[True], [False]])
    cut = advantages(rewards, values, reached, ended, discount=0.9, lam=0.5)
    assert float(cut[0]) == pytest.approx(1 + 0.9 * 20 - 10)


def test_it_learns_to_reach_a_point_inside_the_model(tmp_path):
    env = TorchEnv("PointMassEasy", 256, max_episode_steps=250, stagger=True)
    learner = Ppo(env, PpoConfig(horizon=16, width=64, actor_rate=2e-3), seed=0, folder=tmp_path)
    before = real_return("PointMassEasy", learner.policy({"task": "PointMassEasy"}), episodes=3).mean
    learner.learn(80 * 16)
    after = real_return("PointMassEasy", learner.policy({"task": "PointMassEasy"}), episodes=3).mean
    assert before < 200 < 400 < after


def test_where_the_policy_moves_too_far_the_actor_slows_down(tmp_path):
    def still(rate: float) -> float:
        env = TorchEnv("PendulumSwingup", 16, max_episode_steps=100, stagger=True)
        config = PpoConfig(horizon=8, width=16, passes=20, batches=1, actor_rate=rate, kl=0.01)
        learner = Ppo(env, config, seed=0, folder=tmp_path)
        learner.learn(8)
        return float(learner.state()["rate"])

    assert still(9e-3) < 9e-3
    assert still(2e-5) > 2e-5
