"""Policies as files: ours act as what was trained, and each kind of file is told from the others."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from sb3_contrib import ARS, TRPO, CrossQ
from stable_baselines3 import DQN, PPO, SAC

import mosim_gym
from mosim_gym.adapters.policy_files import check_policy, load_policy
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.policies.actor import KIND, ActorPolicy
from mosim_gym.rl.learners.sb3_internals import actor_of


def test_our_small_file_acts_as_the_trained_policy_does(tmp_path):
    model = SAC("MlpPolicy", gym.make(env_id("CheetahRun")), seed=0, device="cpu")
    path = actor_of(model, {"task": "CheetahRun"}).save(tmp_path / "policy.safetensors")
    small = mosim_gym.load_policy(path)
    observation = np.random.default_rng(0).normal(size=(20, 17)).astype(np.float32)
    np.testing.assert_allclose(
        small.predict(observation)[0], model.predict(observation, deterministic=True)[0], atol=1e-5
    )
    assert small.predict(observation[0])[0].shape == (6,)
    with pytest.raises(ValueError, match=r"shape \(3,\); this policy needs \(17,\)"):
        small.predict(np.zeros(3))


def test_policy_files_are_told_apart(tmp_path):
    env = gym.make(env_id("PendulumSwingup"))
    for algorithm in (SAC, PPO, CrossQ, ARS, TRPO):
        algorithm("MlpPolicy", env, device="cpu").save(tmp_path / "model.zip")
        loaded = load_policy(tmp_path / "model.zip", trusted=True)
        assert type(loaded) is algorithm
        check_policy(loaded, "PendulumSwingup")
        with pytest.raises(ValueError, match=r"The policy's observation_space is .* CheetahRun has"):
            check_policy(loaded, "CheetahRun")
    with pytest.raises(FileFault, match="There is no policy file at"):
        load_policy(tmp_path / "none.zip")
    (tmp_path / "odd.pt").write_bytes(b"\x80\x04nothing")
    with pytest.raises(FileFault, match="not a readable safetensors file"):
        load_policy(tmp_path / "odd.pt")
    bad = ActorPolicy([(np.full((1, 3), np.nan), np.zeros(1))], -np.ones(1), np.ones(1), {})
    with pytest.raises(FileFault, match="weights that are not finite"):
        load_policy(bad.save(tmp_path / "bad.safetensors"))
    for layers, said in (
        ([((4, 3), 4), ((1, 5), 1)], "its layers do not fit each other"),
        ([((4, 3), 4), ((2, 4), 2)], "its controls' range does not fit its last layer"),
    ):
        weights = [(np.zeros(shape), np.zeros(size)) for shape, size in layers]
        with pytest.raises(FileFault, match=said):
            load_policy(ActorPolicy(weights, -np.ones(1), np.ones(1), {}).save(tmp_path / "odd.safetensors"))
    good = ActorPolicy([(np.zeros((1, 3)), np.zeros(1))], -np.ones(1), np.ones(1), {}).save(
        tmp_path / "good.safetensors"
    )
    arrays, header = load_arrays(good, KIND)
    with pytest.raises(FileFault, match="its layers do not fit each other"):
        load_policy(save_arrays(tmp_path / "odd.safetensors", KIND, {**arrays, "w0": arrays["b0"]}, header))
    DQN("MlpPolicy", "CartPole-v1").save(tmp_path / "dqn.zip")
    with pytest.raises(FileFault, match="holds a policy of an unknown algorithm; known are TQC, SAC"):
        load_policy(tmp_path / "dqn.zip")
