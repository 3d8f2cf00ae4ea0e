"""Ctrl-C, SIGTERM and SIGHUP in a long computation: it goes on to the next point from which it can be continued, saves, and ends.

    with interruptible() as interruption:
        while ...:
            ...  # one step
            if due or interruption.asked:
                save()
            interruption.end()

A second signal ends the computation at once. Signals that the program handles in its own way are left to it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NOTICE = "mosim_gym: ending at the next point from which this can be continued; the same signal again ends it at once."


class Terminated(KeyboardInterrupt):
    """The program was told to end by the signal `number`."""

    def __init__(self, number: int) -> None:
        """The name of the signal is the message."""
        self.number = number
        super().__init__(signal.Signals(number).name)


def raise_terminated(number: int, frame: FrameType | None) -> NoReturn:
    """A handler of signals by which the program unwinds, so that nothing half-written is left behind."""
    raise Terminated(number)


def unwind_at_termination() -> None:
    """Have SIGTERM and SIGHUP raise `Terminated` in the main thread, unless the program ignores or handles them already."""
    for number in ENDING[1:]:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, raise_terminated)


class Interruption:
    """Whether a signal has asked for the end."""

    def __init__(self) -> None:
        """No signal has come yet."""
        self._signal: int | None = None
        self._before: dict[int, object] = {}

    @property
    def asked(self) -> bool:
        """Whether the state should be saved now, because `end` will end the computation."""
        return self._signal is not None

    def end(self) -> None:
        """Let the signal take its course, if one has come: Ctrl-C raises `KeyboardInterrupt`, other signals do what they did before."""
        if self._signal is None:
            return
        number, before = self._signal, self._before[self._signal]
        self.close()
        if before == signal.SIG_DFL:
            os.kill(os.getpid(), number)
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated(number)

    def open(self) -> None:
        """Take over the signals that have the handlers of Python or of this package."""
        usual = (signal.SIG_DFL, signal.default_int_handler, raise_terminated)
        for number in ENDING:
            if (handler := signal.getsignal(number)) in usual:
                self._before[number] = handler
                signal.signal(number, self._note)

    def close(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]  # as `getsignal` gave it
        self._before, self._signal = {}, None

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            self._signal = number
            self.end()
        self._signal = number
        print(_NOTICE, file=sys.stderr, flush=True)


_present: Interruption | None = None


@contextmanager
def interruptible() -> Generator[Interruption]:
    """The `Interruption` of a computation; within another computation that one's. Outside the main thread none ever comes."""
    global _present
    if _present is not None or threading.current_thread() is not threading.main_thread():
        yield _present or Interruption()
        return
    _present = interruption = Interruption()
    interruption.open()
    try:
        yield interruption
        interruption.end()
    finally:
        _present = None
        interruption.close()


@contextmanager
def not_continued() -> Generator[None]:
    """A signal ends what is computed meanwhile at once, because nothing keeps the state from which it could be continued. Within another
    computation that can be continued, signals are that one's.
    """
    global _present
    if _present is not None or threading.current_thread() is not threading.main_thread():
        yield
        return
    _present = Interruption()  # takes over no signals
    try:
        yield
    finally:
        _present = None


@contextmanager
def signals_held() -> Generator[None]:
    """Processes that are started meanwhile never get the ending signals: whoever started them ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
