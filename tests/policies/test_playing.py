"""Returns of policies, and their uncertainty."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mosim_gym
from mosim_gym.evaluation.parity import kolmogorov_smirnov
from mosim_gym.policies.playing import PolicyReturn, evaluate
from mosim_gym.policies.scripted import RandomPolicy, scripted_policy
from mosim_gym.studies.demonstration import demonstrate


def test_returns_are_the_sums_of_dm_controls_rewards():
    env = mosim_gym.make_real("CartpoleBalance", max_episode_steps=40)
    result = evaluate(env, scripted_policy("CartpoleBalance"), episodes=3, seed=0, progress=False)
    total = 0.0
    observation, _ = env.reset(seed=1)
    policy = scripted_policy("CartpoleBalance")
    for _ in range(40):
        observation, reward, *_ = env.step(policy.predict(observation, deterministic=True)[0])
        total += reward
    assert result.returns[1] == pytest.approx(total)
    assert result.lengths.tolist() == [40, 40, 40]
    assert result.mean == pytest.approx(result.returns.mean())
    assert result.interval[0] <= result.mean <= result.interval[1]
    again = evaluate(env, scripted_policy("CartpoleBalance"), episodes=3, seed=0, progress=False)
    np.testing.assert_array_equal(result.returns, again.returns)
    assert json.loads(result.to_json(curves=True))["rewards"][0][0] == result.rewards[0][0]


def test_the_interval_covers_the_mean_as_often_as_it_says(rng):
    covered = 0
    for _ in range(200):
        result = PolicyReturn(tuple(np.array([r]) for r in rng.normal(5, 2, 40)), (False,) * 40, 0)
        covered += result.interval[0] <= 5 <= result.interval[1]
    assert 176 <= covered <= 199  # 95% of 200 is 190


def test_scripted_policies_earn_more_than_random_ones():
    for task, least in (("PendulumSwingup", 300), ("ReacherEasy", 600), ("CheetahRun", 100)):
        env = mosim_gym.make_real(task)
        scripted = evaluate(env, scripted_policy(task), episodes=2, seed=0, progress=False)
        low, high = env.action_space.low, env.action_space.high
        random = evaluate(env, RandomPolicy(low, high, seed=0), episodes=2, seed=0, progress=False)
        assert scripted.mean > max(least, 2 * random.mean)


def test_kolmogorov_smirnov_is_scipys(rng):
    from scipy.stats import ks_2samp

    for shift in (0.0, 0.1, 0.5):
        a, b = rng.normal(size=400), rng.normal(shift, size=700)
        statistic, p = kolmogorov_smirnov(a, b)
        expected = ks_2samp(a, b, method="asymp")
        assert statistic == pytest.approx(expected.statistic)
        assert p == pytest.approx(expected.pvalue, abs=0.02)


def test_a_demonstration_writes_everything_it_names(tmp_path, capsys):
    task = "PendulumSwingup"
    env = mosim_gym.make_real(task, max_episode_steps=20, render_mode="rgb_array")
    result = demonstrate(env, task, scripted_policy(task), episodes=1, steps=20, seed=0, out=tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"episode.mp4", "return.png", "strip.png"}
    assert result["lengths"] == [20]
    assert "return" in capsys.readouterr().out
