"""Segments are true motion, and unstable ones are counted."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.cli import main
from mosim_gym.data.actions import action_sampler
from mosim_gym.data.collection import RECIPES, Collector, Recipe, recipe_for
from mosim_gym.data.resets import RESETS, reset_sampler, task_resets
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.truth.dynamics import TrueDynamics


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_segments_are_the_truth(recipe):
    collector = Collector("acrobot", recipe)
    segments = collector.collect(np.random.default_rng(0), 20)
    path = TrueDynamics("acrobot").rollout(segments.qpos[:, 0], segments.qvel[:, 0], segments.actions)
    np.testing.assert_array_equal(path.qpos, segments.qpos[:, 1:])
    assert segments.transitions == 20 * RECIPES[recipe].steps


@pytest.mark.parametrize("variant", ["hopper@0.005", "humanoid@0.005"])
def test_segments_at_a_finer_step_last_as_long(variant, rng):
    robot, own = load_robot(variant), load_robot(variant.partition("@")[0])
    segments = Collector(variant).collect(rng, 2)
    assert segments.actions.shape[1] * robot.control_step == pytest.approx(RECIPES["coverage"].steps * own.control_step)


def test_unstable_segments_are_dropped_and_counted(monkeypatch):
    def wild(definition):
        def sample(rng, n):
            qpos, qvel = task_resets(definition)(rng, n)
            qvel[: n // 2] = 1e11
            return qpos, qvel

        return sample

    monkeypatch.setitem(RESETS, "wild", wild)
    collector = Collector("cheetah", Recipe(resets=(("wild", 1.0),), actions=(("uniform", 1.0),), steps=3))
    segments = collector.collect(np.random.default_rng(0), 10)
    assert collector.dropped == 5
    assert len(segments.qpos) == 5
    assert np.isfinite(segments.qpos).all()


def test_unknown_names_are_refused_with_the_valid_ones():
    with pytest.raises(KeyError, match=r"Unknown recipe 'covrage'. Did you mean 'coverage'"):
        Collector("cheetah", "covrage")
    with pytest.raises(KeyError, match=r"Unknown action sampler 'gauss'"):
        action_sampler("gauss")
    with pytest.raises(KeyError, match=r"Unknown reset sampler 'all'"):
        reset_sampler("all", find_robot("cheetah"))


def test_segments_follow_a_policy(rng):
    """Any callable can act; its noise is the only other thing in the controls."""
    recipe = Recipe(resets=(("task", 1.0),), actions=(), steps=30)
    seen = []

    def policy(state):
        seen.append(state.qpos)
        return np.tanh(-state.qvel[:, :1])

    data = Collector("pendulum", recipe).follow(policy, rng, 10)
    np.testing.assert_array_equal(data.actions, np.tanh(-data.qvel[:, :-1]))
    np.testing.assert_array_equal(np.stack(seen, 1), data.qpos[:, :-1])
    again = TrueDynamics("pendulum").rollout(data.qpos[:, 0], data.qvel[:, 0], data.actions)
    np.testing.assert_allclose(data.qpos[:, 1:], again.qpos, atol=1e-9)
    noisy = Collector("pendulum", recipe).follow(lambda state: np.zeros_like(state.qpos), rng, 200, noise=0.2)
    assert noisy.actions.std() == pytest.approx(0.2, abs=0.01)


def test_a_policys_controls_are_held_with_their_noise(rng):
    recipe = Recipe(resets=(("task", 1.0),), actions=(), steps=9)
    collector = Collector("pendulum", recipe)
    data = collector.follow(lambda state: np.zeros_like(state.qpos), rng, 10, noise=0.2, hold=4)
    np.testing.assert_array_equal(data.actions[:, 0:4], np.repeat(data.actions[:, :1], 4, axis=1))
    np.testing.assert_array_equal(data.actions[:, 4:8], np.repeat(data.actions[:, 4:5], 4, axis=1))
    assert (data.actions[:, 3] != data.actions[:, 4]).all()
    assert (data.actions[:, 7] != data.actions[:, 8]).all()
    with pytest.raises(ValueError, match="hold is 0; a control is held for at least 1 control step"):
        collector.follow(lambda state: state.qvel, rng, 1, hold=0)


def test_segments_shorter_than_a_control_step_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["collect", "pendulum@1000", "--out", str(tmp_path / "data")])
    assert "a segment of recipe coverage lasts 0.8 s, less than a control step of 1000 s" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    assert recipe_for("pendulum@0.8", "coverage").steps == 1
