"""Ctrl-C and termination: a computation ends where it can go on again, or at once when told twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from mosim_gym.mechanics.interruption import (
    ENDING,
    Interruption,
    Terminated,
    interruptible,
    not_continued,
    raise_terminated,
)


@pytest.fixture(autouse=True)
def _pythons_own_handlers():
    """The signals have the handlers of a program of this package, and get those back that they had."""
    before = {number: signal.getsignal(number) for number in ENDING}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, raise_terminated)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _told(number: signal.Signals, times: int = 1) -> tuple[list[str], type[BaseException] | None]:
    """What a loop of five steps does that gets the signal in its second one, and how it ends."""
    done = []
    try:
        with interruptible() as interruption:
            for step in range(5):
                if step == 1:
                    for _ in range(times):
                        os.kill(os.getpid(), number)
                done.append(f"step {step}")
                if interruption.asked:
                    done.append("saved")
                interruption.end()
    except KeyboardInterrupt as error:
        return done, type(error)
    return done, None


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_step_is_finished_and_saved_before_the_signal_takes_its_course(number, kind, capsys):
    assert _told(number) == (["step 0", "step 1", "saved"], kind)
    assert "once" not in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is raise_terminated


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_at_once(number):
    done, kind = _told(number, times=2)
    assert done == ["step 0"]
    assert kind is not None


def _nested(found: list[bool]) -> None:
    with interruptible() as outer:
        with interruptible() as inner:
            os.kill(os.getpid(), signal.SIGINT)
            found += [inner is outer, inner.asked]
        found.append(outer.asked)
        outer.end()
        found.append(False)


def test_a_computation_within_another_asks_the_same_signals():
    found: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        _nested(found)
    assert found == [True, True, True]


def test_handlers_of_the_program_are_left_alone():
    came = []
    signal.signal(signal.SIGTERM, lambda *_: came.append("program"))
    assert _told(signal.SIGTERM) == ([f"step {i}" for i in range(5)], None)
    assert came == ["program"]


def test_outside_the_main_thread_no_signal_is_taken_over():
    found: list[Interruption] = []

    def work() -> None:
        with interruptible() as interruption:
            found.append(interruption)
            assert signal.getsignal(signal.SIGTERM) is raise_terminated
            interruption.end()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [one.asked for one in found] == [False]


def test_a_program_without_handlers_is_ended_by_the_signal_after_it_has_saved():
    code = """
import os, signal
from mosim_gym.mechanics.interruption import interruptible
with interruptible() as interruption:
    os.kill(os.getpid(), signal.SIGTERM)
    print("saved", interruption.asked, flush=True)
    interruption.end()
print("never")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "saved True\n")


def _part_that_begins_anew(done: list[str]) -> None:
    with not_continued(), interruptible() as interruption:
        done.append("begun")
        os.kill(os.getpid(), signal.SIGINT)
        done.append(str(interruption.asked))


def test_what_cannot_be_continued_is_ended_at_once_and_promises_nothing(capsys):
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _part_that_begins_anew(done)
    assert done == ["begun"]
    assert "continued" not in capsys.readouterr().err
    assert _told(signal.SIGINT) == (["step 0", "step 1", "saved"], KeyboardInterrupt)


def _computation_around(done: list[str]) -> None:
    with interruptible() as interruption:
        _part_that_begins_anew(done)
        interruption.end()


def test_a_part_that_cannot_be_continued_leaves_signals_to_the_computation_around_it():
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _computation_around(done)
    assert done == ["begun", "True"]
