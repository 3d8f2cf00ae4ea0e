"""The loop of play keeps the clock's time at the chosen speed, pauses, resets, rejoins, and lets hand or policy act."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.envs.beside_truth import BesideTruth
from mosim_gym.envs.play_loop import LONGEST, PlayLoop
from mosim_gym.policies.scripted import scripted_policy

pytest.importorskip("mujoco")


@pytest.fixture
def loop():
    return PlayLoop(BesideTruth("CartpoleSwingup"), seed=0)


def test_the_robots_time_is_the_clocks_times_the_speed(loop):
    made = [loop.advance(0.033) for _ in range(30)]  # 0.99 s in control steps of 0.01 s
    assert sum(made) == pytest.approx(99, abs=1)
    loop.speed = 0.5
    assert sum(loop.advance(0.033) for _ in range(30)) == pytest.approx(49, abs=1)


def test_a_slow_machine_shows_slow_motion_and_does_not_fall_behind(loop):
    assert loop.advance(60.0) == pytest.approx(LONGEST / 0.01, abs=1)


def test_nothing_moves_while_it_is_paused(loop):
    loop.paused = True
    assert loop.advance(0.1) == 0
    before = loop.now
    loop.step()  # a single step still can be made
    assert not np.array_equal(loop.now.model, before.model)


def test_the_hand_moves_both_robots(loop):
    loop.action[:] = 1
    place = loop.now.model[0]
    for _ in range(20):
        loop.step()
    assert loop.now.model[0] > place
    assert loop.now.truth[0] > place
    assert len(loop.times) == len(loop.errors) == 20
    assert max(loop.errors) < 0.05


def test_the_policy_acts_until_the_hand_takes_over():
    loop = PlayLoop(BesideTruth("CartpoleSwingup"), scripted_policy("CartpoleSwingup"), seed=0)
    assert not loop.by_hand
    for _ in range(20):
        loop.step()
    moved = loop.now.model.copy()
    loop.by_hand = True
    loop.reset()
    for _ in range(20):
        loop.step()
    assert not np.allclose(loop.now.model, moved)


def test_the_truth_rejoins_the_model_as_often_as_asked():
    loop = PlayLoop(BesideTruth("CheetahRun"), rejoin_every=0.1, seed=0)
    loop.action[:] = 1
    for _ in range(10):
        loop.step()
    assert loop.now.error < 1e-6 < loop.errors[-1]


def test_an_episode_that_leaves_the_model_is_followed_by_the_next():
    loop = PlayLoop(BesideTruth("CheetahRun"), seed=0)
    loop.shove("torso", [0.0, 0.0, 200.0])
    while loop.ended is None:
        loop.step()
        assert len(loop.times) < 500
    assert "outside" in loop.ended or "diverged" in loop.ended
    assert np.isfinite(loop.now.model).all()
    loop.reset()
    assert loop.ended is None


def test_after_endless_seconds_the_truth_never_begins_again():
    loop = PlayLoop(BesideTruth("CartpoleSwingup"), rejoin_every=float("inf"), seed=0)
    for _ in range(120):
        loop.step()
    assert loop.now.error > 0
