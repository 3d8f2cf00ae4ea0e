"""The learner of policies: what its networks see and what its critics are, and that a policy's file is the same function."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.rl.learner import sb3_learner
from mosim_gym.rl.learner_settings import check_learner
from mosim_gym.rl.observations import observation_statistics
from mosim_gym.rl.policies import actor_of, load_policy
from mosim_gym.rl.settings import config_for
from mosim_gym.rl.vec_env import MoSimVecEnv


def _learner(task: str, folder, **changes):
    config = config_for(task, width=32, buffer=1000, batch=32, **changes)
    return sb3_learner(config, MoSimVecEnv(task, 4), folder, seed=0)


@pytest.mark.parametrize("task", ["CheetahRun", "HopperHop", "ReacherHard", "HumanoidWalk"])
def test_observations_of_all_motion_are_whitened(task):
    mean, std = observation_statistics(task)
    venv = MoSimVecEnv(task, 2)
    assert mean.shape == std.shape == venv.observation_space.shape
    assert np.isfinite(mean).all()
    assert (std >= 0.1).all()
    again = observation_statistics(task)
    np.testing.assert_array_equal(mean, again[0])
    np.testing.assert_array_equal(std, again[1])


@pytest.mark.parametrize("algo", ["sac", "tqc"])
@pytest.mark.parametrize("critic", ["normed", "plain"])
def test_a_policy_file_does_what_the_learner_does(tmp_path, algo, critic):
    model = _learner("CheetahRun", tmp_path, algo=algo, critic=critic)
    model.learn(200)
    path = actor_of(model, {"task": "CheetahRun"}).save(tmp_path / "policy.safetensors")
    observation = np.random.default_rng(0).normal(size=(20, 17)).astype(np.float32) * 3
    expected = model.predict(observation, deterministic=True)[0]
    np.testing.assert_allclose(load_policy(path).predict(observation)[0], expected, atol=2e-5)


@pytest.mark.parametrize("algo", ["sac", "tqc"])
def test_critics_have_layer_norms_unless_they_are_plain(tmp_path, algo):
    for critic, norms in (("normed", 2), ("plain", 0)):
        model = _learner("CartpoleSwingup", tmp_path, algo=algo, critic=critic)
        for network in (*model.critic.q_networks, *model.critic_target.q_networks):
            assert sum(isinstance(layer, torch.nn.LayerNorm) for layer in network) == norms
        trained = {id(p) for group in model.critic.optimizer.param_groups for p in group["params"]}
        assert {id(p) for network in model.critic.q_networks for p in network.parameters()} <= trained
        before = [p.clone() for p in model.critic.q_networks[0].parameters()]
        model.learn(400)
        assert any(
            not torch.equal(old, new) for old, new in zip(before, model.critic.q_networks[0].parameters(), strict=True)
        )


def test_an_unknown_critic_is_refused():
    with pytest.raises(KeyError, match=r"Unknown critic 'norm'. Did you mean 'normed'"):
        check_learner(config_for("CheetahRun", critic="norm"))
