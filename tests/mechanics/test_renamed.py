"""Whoever uses an old name, or one that belongs elsewhere, is told the right one."""

from __future__ import annotations

import copy
from dataclasses import replace

import gymnasium as gym
import pytest

from mosim_gym import make_real
from mosim_gym.adapters.vec_env import MoSimVecEnv
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.penalties import DensityPenalty
from mosim_gym.rl.learners.off_policy import OffPolicyConfig
from mosim_gym.rl.learners.shac import ShacConfig
from mosim_gym.rl.strategies.few_shot import FewShotConfig
from mosim_gym.rl.strategies.zero_shot import ZeroShotConfig, config_for, zero_shot

ARGUMENTS = [
    (lambda: TorchEnv("PendulumSwingup", 2, ends="box"), "TorchEnv has no 'ends'. It is now called outside_model"),
    (lambda: MoSimVecEnv("PendulumSwingup", 2, ends="box"), "TorchEnv has no 'ends'. It is now called outside_model"),
    (lambda: ZeroShotConfig(wide=0.5), "ZeroShotConfig has no 'wide'. It is now called spread_starts."),
    (lambda: ZeroShotConfig(promising=0.5), "ZeroShotConfig has no 'promising'. It is now called near_reward_starts."),
    (lambda: ZeroShotConfig(reach=2.0), "ZeroShotConfig has no 'reach'. It is now called threshold_scale."),
    (lambda: DensityPenalty(reach=2.0), "DensityPenalty has no 'reach'. It is now called threshold_scale."),
    (lambda: OffPolicyConfig(following=0.1), "OffPolicyConfig has no 'following'. It is now called tau."),
    (lambda: OffPolicyConfig(horizon=3), "OffPolicyConfig has no 'horizon'. It is now called n_step."),
    (
        lambda: OffPolicyConfig(products="float32"),
        "OffPolicyConfig has no 'products'. It is now called matmul_precision",
    ),
    (lambda: FewShotConfig(old=0.1), "FewShotConfig has no 'old'. It is now called pretraining_share."),
    (
        lambda: ShacConfig(wide=0.1),
        "ShacConfig has no 'wide'. It is now called spread_starts; ShacConfig does not have it",
    ),
    (
        lambda: ZeroShotConfig(following=1),
        r"ZeroShotConfig has no 'following'. It is now called tau, and belongs to learner: learner=OffPolicyConfig\(tau=…\)",
    ),
    (
        lambda: ZeroShotConfig(updates=4),
        r"ZeroShotConfig has no 'updates'. It belongs to learner: learner=OffPolicyConfig\(updates=…\)",
    ),
    (
        lambda: ZeroShotConfig(evaluate_evry=1),
        "ZeroShotConfig has no 'evaluate_evry'. Did you mean 'evaluate_every'\\? Valid: learner, num_envs",
    ),
    (
        lambda: gym.make("MoSim/PendulumSwingup-v0", outside_model="continue"),
        "MoSimEnv has no 'outside_model'. It is an argument of TorchEnv, in mosim_gym.envs",
    ),
    (lambda: gym.make("MoSim/PendulumSwingup-v0", stagger=True), "It is an argument of gym.make_vec"),
    (lambda: make_real("PendulumSwingup", stagger=True), "RealEnv has no 'stagger'"),
]


@pytest.mark.parametrize(("make", "said"), ARGUMENTS, ids=[said.split(".")[0] for _, said in ARGUMENTS])
def test_an_argument_that_is_not_known_says_what_to_write(make, said):
    with pytest.raises(TypeError, match=said):
        make()


@pytest.mark.parametrize(("old", "new"), [("box", "truncate"), ("edge", "terminate"), ("finite", "continue")])
def test_a_value_of_before_says_what_it_is_called_now(old, new, tmp_path):
    said = f"Unknown outside_model '{old}'. It is now called '{new}'. Valid: truncate, terminate, continue"
    with pytest.raises(KeyError, match=said):
        TorchEnv("PendulumSwingup", 2, outside_model=old)
    with pytest.raises(KeyError, match=said):
        zero_shot("PendulumSwingup", config_for("PendulumSwingup", outside_model=old), budget=1.0, folder=tmp_path)


def test_names_of_today_are_as_ever_in_copies_too():
    assert ShacConfig(horizon=5).horizon == 5
    config = ZeroShotConfig(spread_starts=0.5)
    assert copy.deepcopy(config) == replace(ZeroShotConfig(), spread_starts=0.5)
