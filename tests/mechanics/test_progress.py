"""What is shown of a long command."""

from __future__ import annotations

import math

import pytest

from mosim_gym.mechanics.durations import clock
from mosim_gym.mechanics.progress import Parts, Progress
from mosim_gym.rl.strategies.zero_shot_strategy import ZeroShot


def test_without_a_terminal_the_first_and_the_last_report_are_lines(capsys):
    with Progress("CheetahRun") as progress:
        for share in (0.1, 0.2, 0.3, 1.0):
            progress.show(share, f"time {share}")
    assert capsys.readouterr().err.splitlines() == ["CheetahRun  10 %: time 0.1", "CheetahRun 100 %: time 1.0"]


def test_what_is_shown_never_goes_backwards(capsys):
    with Progress("CheetahRun", every=0.0) as progress:
        for share in (0.8, 0.3, 0.9):
            progress.show(share, f"return {share}")
    assert capsys.readouterr().err.splitlines() == [
        "CheetahRun  80 %: return 0.8",
        "CheetahRun  80 %: return 0.3",
        "CheetahRun  90 %: return 0.9",
    ]


def test_a_run_that_ends_before_its_limit_shows_that_it_is_done(capsys):
    with Progress("CheetahRun") as progress:
        progress.show(0.4, "return in the model 851 of 850")
        progress.end()
    assert capsys.readouterr().err.splitlines()[-1] == "CheetahRun 100 %: return in the model 851 of 850"


def test_the_progress_of_zero_shot_training_is_its_time_and_the_text_has_the_return_too():
    state = {"seconds": 187.0, "budget": 600.0, "return_in_model": 680.0, "stop_at": 850.0, "steps": 1_234_567}
    standing = ZeroShot().standing
    share, text = standing(state)
    assert share == pytest.approx(187 / 600)
    assert text == "return in the model 680 of 850, time 3:07 of 10:00, 1,234,567 steps"
    assert standing({**state, "return_in_model": math.nan}).text.startswith("return in the model – of 850, ")
    without = {name: value for name, value in state.items() if name != "stop_at"}
    assert standing(without).text.startswith("return in the model 680, time")


def test_times_are_minutes_and_seconds():
    assert [clock(seconds) for seconds in (0, 59.9, 60, 605)] == ["0:00", "0:59", "1:00", "10:05"]


def test_the_time_left_is_shown_once_it_can_be_estimated(capsys, monkeypatch):
    wall = {"now": 0.0}
    monkeypatch.setattr("time.monotonic", lambda: wall["now"])
    with Progress("cheetah", every=0.0) as progress:
        for wall["now"], share in ((100.0, 0.5), (101.0, 0.6), (110.0, 0.6), (150.0, 1.0)):
            progress.show(share, "step")
    assert capsys.readouterr().err.splitlines() == [
        "cheetah  50 %: step",  # a run that goes on from an earlier one
        "cheetah  60 %: step",
        "cheetah  60 %: step, 0:40 left",
        "cheetah 100 %: step",
    ]


def test_parts_within_parts_have_their_share():
    seen = []
    parts = Parts(2, lambda share, text: seen.append((share, text)))
    parts.begin("simulate")
    inner = Parts(4, parts.begin("predict"))
    for name in "abcd":
        inner.begin(name)
    assert seen == [(0, "simulate"), (0.5, "predict"), (0.5, "a"), (0.625, "b"), (0.75, "c"), (0.875, "d")]
