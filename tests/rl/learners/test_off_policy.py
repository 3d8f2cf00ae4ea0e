"""SAC and TQC: what their critics are, that a policy's file is the same function, and what they are not made with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.rl.learners.base import learner_config
from mosim_gym.rl.learners.off_policy import OffPolicy, OffPolicyConfig
from mosim_gym.rl.strategies.zero_shot import config_for, zero_shot


def made(task: str, folder, **settings) -> OffPolicy:
    config = OffPolicyConfig(width=32, buffer=1000, batch=32, updates=1, warm_up=100, **settings)
    return OffPolicy(TorchEnv(task, 4), config, seed=0, folder=folder)


@pytest.mark.parametrize("algo", ["sac", "tqc"])
@pytest.mark.parametrize("critic", ["normed", "plain"])
def test_a_policy_file_does_what_the_learner_does(tmp_path, algo, critic):
    learner = made("CheetahRun", tmp_path, algo=algo, critic=critic)
    learner.learn(50)
    path = learner.policy({"task": "CheetahRun"}).save(tmp_path / "policy.safetensors")
    observation = np.random.default_rng(0).normal(size=(20, 17)).astype(np.float32) * 3
    expected = learner.model.predict(observation, deterministic=True)[0]
    np.testing.assert_allclose(load_policy(path).predict(observation)[0], expected, atol=2e-5)


@pytest.mark.parametrize("algo", ["sac", "tqc"])
def test_critics_have_layer_norms_unless_they_are_plain_and_are_trained(tmp_path, algo):
    for critic, norms in (("normed", 2), ("plain", 0)):
        learner = made("CartpoleSwingup", tmp_path, algo=algo, critic=critic)
        model = learner.model
        for network in (*model.critic.q_networks, *model.critic_target.q_networks):
            assert sum(isinstance(layer, torch.nn.LayerNorm) for layer in network) == norms
        trained = {id(p) for group in model.critic.optimizer.param_groups for p in group["params"]}
        assert {id(p) for network in model.critic.q_networks for p in network.parameters()} <= trained
        before = [p.clone() for p in model.critic.q_networks[0].parameters()]
        learner.learn(40)
        assert any(
            not torch.equal(old, new) for old, new in zip(before, model.critic.q_networks[0].parameters(), strict=True)
        )


def test_tasks_with_rare_reward_have_settings_of_their_own_which_tqc_shares():
    assert config_for("PendulumSwingup").learner == learner_config(
        "sac", width=128, warm_up=20_000, updates=16, n_step=5, tau=0.02, entropy="0.05"
    )
    assert config_for("PendulumSwingup", "tqc").learner.n_step == 5
    assert config_for("PendulumSwingup").spread_starts == 0.9
    assert OffPolicy.defaults("branches", "") == {"updates": 12, "buffer": 200_000, "warm_up": 0}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rate": float("inf")}, "rate is inf; it must be positive"),
        ({"updates": -3}, "updates is -3; it must be positive"),
        ({"discount": 2.0}, "discount is 2.0; it must be positive and at most 1"),
        ({"rate": 1e30}, "rate is 1e\\+30; it must be positive and at most 1"),
        ({"width": 10_000_000}, "width is 10000000; it must be positive and at most 16,384"),
        ({"updates": 10**400}, "updates is 10+; it must be positive and at most 1,000"),
        ({"entropy": "1e30"}, "entropy is '1e30'; .* a number such as '0.05', at most 1,000"),
        ({"buffer": 3}, "buffer is 3; it must hold 3 steps of all environments, and a batch"),
        ({"entropy": "much"}, "entropy is 'much'; it is 'auto', 'auto_0.1' to begin with 0.1, or a number"),
        ({"entropy": "nan"}, "entropy is 'nan'"),
        ({"entropy": "-1"}, "entropy is '-1'"),
        ({"entropy": "auto_x"}, "entropy is 'auto_x'"),
    ],
)
def test_numbers_that_nothing_can_be_learned_with_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        OffPolicyConfig(**settings).check(4)


def test_a_buffer_beyond_all_memory_is_refused_before_anything_is_made(tmp_path):
    config = config_for("PendulumSwingup", buffer=10**13)
    with pytest.raises(
        ValueError, match=r"buffer is 10,000,000,000,000; so many transitions take 400,000 GB of memory, and"
    ):
        zero_shot("PendulumSwingup", config, budget=1.0, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_and_kinds_that_are_none_are_refused():
    with pytest.raises(KeyError, match=r"Unknown critic 'norm'. Did you mean 'normed'"):
        OffPolicyConfig(critic="norm").check(4)
    with pytest.raises(TypeError, match=r"updates is 1.5; it needs a whole number, such as 8"):
        OffPolicyConfig(updates=1.5).check(4)  # pyright: ignore[reportArgumentType]
    for entropy in ("auto", "auto_0.1", "0.05", "0"):
        OffPolicyConfig(entropy=entropy).check(4)
