"""How many steps fit into a budget, and when a training is saved."""

from __future__ import annotations

import time

from mosim_gym.training.pacing import Pace


def _steps(pace: Pace, seconds: float) -> int:
    """How many steps a loop makes whose steps last so long."""
    step = 0
    while not pace.is_over(step):
        time.sleep(seconds)
        step += 1
    return step


def test_as_many_steps_are_made_as_fit_into_the_budget():
    steps = _steps(Pace(0.6, seconds=0.0, total=0, timed=(2, 8)), 0.01)
    assert 15 <= steps <= 60


def test_time_that_has_passed_before_counts():
    assert _steps(Pace(100.0, seconds=99.9, total=0, timed=(1, 4)), 0.01) < 30


def test_a_number_of_steps_that_is_known_stays_whatever_the_time():
    assert _steps(Pace(0.0, seconds=50.0, total=7, timed=(2, 4)), 0.0) == 7


def test_a_save_is_due_once_in_each_interval():
    pace = Pace(1.0, seconds=0.0, total=5, timed=(1, 2), save_every=0.05)
    assert not pace.due_to_save()
    time.sleep(0.06)
    assert [pace.due_to_save(), pace.due_to_save()] == [True, False]
