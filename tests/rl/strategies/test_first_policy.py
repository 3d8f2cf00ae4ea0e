"""Training that begins with a policy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.rl.learners.base import Improver, make_learner
from mosim_gym.rl.plain_names import policy_title
from mosim_gym.rl.strategies.first_policy import first_policy
from mosim_gym.rl.strategies.target import target_of
from mosim_gym.rl.strategies.zero_shot import config_for, training_env, typed_config, zero_shot

POLICIES = Path(__file__).resolve().parents[3] / "benchmarks" / "policies" / "zero_shot"
POINT = str(POLICIES / "PointMassEasy-shac-seed0.safetensors")


@pytest.mark.parametrize("algo", ["shac", "ppo"])
def test_the_first_policy_is_that_of_the_file_until_the_critic_knows_it(algo, tmp_path):
    config = config_for("PointMassEasy", algo, start=POINT, num_envs=16, critic_first=2)
    target = target_of("PointMassEasy")
    env = training_env(target, config, target.open(None, "float32"))
    learner = make_learner(env, config.learner, seed=0, folder=tmp_path)
    start = load_policy(POINT)
    assert isinstance(learner, Improver)
    learner.begin_with(start)
    observation = np.random.default_rng(0).normal(size=(50, start.layers[0][0].shape[1])).astype(np.float32)
    learner.learn(2 * learner.least_steps)
    np.testing.assert_allclose(learner.policy({}).predict(observation)[0], start.predict(observation)[0], atol=1e-4)
    learner.learn(4 * learner.least_steps)
    assert not np.allclose(learner.policy({}).predict(observation)[0], start.predict(observation)[0], atol=0.02)


def test_a_policy_of_another_task_with_the_same_observations_may_begin(tmp_path):
    walk = str(POLICIES / "WalkerWalk-seed0.safetensors")
    config = config_for("WalkerRun", "shac", start=walk, num_envs=4)
    target = target_of("WalkerRun")
    learner = make_learner(
        training_env(target, config, target.open(None, "float32")), config.learner, seed=0, folder=tmp_path
    )
    assert isinstance(learner, Improver)
    learner.begin_with(load_policy(walk))
    observation = learner.env.observation().detach().numpy()
    np.testing.assert_allclose(
        learner.policy({}).predict(observation)[0], load_policy(walk).predict(observation)[0], atol=1e-4
    )


def test_the_card_counts_what_led_to_the_first_policy(tmp_path):
    config = typed_config("PointMassEasy", "shac", seed=3, settings=["num_envs=8"], start=POINT)
    settings = config.learner.__dict__
    assert (settings["width"], settings["actor_rate"]) == (128, 5e-4)
    result = zero_shot("PointMassEasy", config, budget=60, folder=tmp_path / "first", max_steps=8 * (1000 + 16 * 60))
    card, before = result.policy.card, load_policy(POINT).card
    assert card["start"]["training_seconds"] == before["training_seconds"]
    assert card["start"]["learners"] == ["shac"]
    second = result.policy.save(tmp_path / "second.safetensors")
    found = first_policy(str(second), "shac")
    assert found is not None
    assert found.card()["updates"] == before["updates"] + card["updates"]
    assert found.card()["learners"] == ["shac", "shac"]
    assert found.card()["real_steps"] == 0
    assert policy_title(card) == "PointMassEasy, gradients (SHAC)"
    assert policy_title({**card, "start": {"learners": ["sac", "shac"]}}) == "PointMassEasy, SAC, then gradients (SHAC)"


@pytest.mark.parametrize(
    ("task", "algo", "start", "sentence"),
    [
        ("CheetahRun", "sac", POINT, "sac cannot begin with a policy, and start is .* Learners that can: shac, ppo"),
        ("CheetahRun", "shac", "nowhere.safetensors", "There is no policy file at nowhere.safetensors"),
    ],
)
def test_what_cannot_begin_is_said(task, algo, start, sentence):
    with pytest.raises((ValueError, OSError), match=sentence):
        config_for(task, algo, start=start)


def test_a_policy_of_another_robot_is_refused(tmp_path):
    config = config_for("CheetahRun", "shac", start=POINT, num_envs=4)
    with pytest.raises(
        ValueError, match=r"a policy of PointMassEasy, which moves point_mass; it must be one that moves cheetah\."
    ):
        zero_shot("CheetahRun", config, budget=1, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_policy_of_other_observations_is_refused(tmp_path_factory, tmp_path):
    policy = load_policy(Path(POINT))
    policy.card = {"task": "an environment of the user's own"}
    own = tmp_path_factory.mktemp("own") / "own.safetensors"
    policy.save(own)
    config = config_for("CheetahRun", "shac", start=str(own), num_envs=4)
    with pytest.raises(ValueError, match=r"layers of 4 x 128, .*; CheetahRun with width=128 needs 17 x 128"):
        zero_shot("CheetahRun", config, budget=1, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_too_short_to_learn_is_refused(tmp_path):
    config = config_for("PointMassEasy", "shac", start=POINT, num_envs=8)
    with pytest.raises(ValueError, match="max_steps is 500; the policy to begin with acts for 8,000 control steps"):
        zero_shot("PointMassEasy", config, budget=60, folder=tmp_path, max_steps=500)
