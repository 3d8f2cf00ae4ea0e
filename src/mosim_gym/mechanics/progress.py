"""`Progress`: the progress of a long computation, as a bar on a terminal where tqdm is, else as occasional lines; with the time left."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from mosim_gym.mechanics.durations import clock

LINE_SECONDS = 20.0
PARTS = 1000
LAYOUT = "{desc} {percentage:3.0f}%|{bar}| {postfix}"
SOONEST = 2.0
"""Seconds of a computation after which the time left can be estimated."""

Show = Callable[[float, str], None]
"""Is told the share that is done, from 0 to 1, and what is done now."""


def silent(share: float, text: str) -> None:
    """A `Show` that shows nothing."""


class Progress:
    """Shows a share from 0 to 1 with a text, on stderr. Use it as a context manager."""

    def __init__(self, name: str, every: float = LINE_SECONDS) -> None:
        """`name` begins every line. Without a terminal there is a line every `every` seconds."""
        self._name, self._every, self._shown, self._done, self._text = name, every, -every, 0, ""
        self._began: tuple[float, float] | None = None  # when, and at which share: a run may go on from an earlier one
        self._bar: Any = None
        if sys.stderr.isatty() and importlib.util.find_spec("tqdm"):
            from tqdm import tqdm

            self._bar = tqdm(total=PARTS, desc=name, bar_format=LAYOUT)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, share: float, text: str) -> None:
        """Show the progress; without a terminal every `every` seconds, and at the end.

        A share below an earlier one, such as that of a return, leaves the progress where it was.
        """
        self._text = text
        done = self._done = max(self._done, min(PARTS, int(PARTS * share)))
        said = f"{text}{self._left(share)}"
        if self._bar is not None:
            self._bar.set_postfix_str(said, refresh=False)
            self._bar.update(done - self._bar.n)
            self._bar.refresh()
        elif share >= 1 or time.monotonic() - self._shown >= self._every:
            self._shown = time.monotonic()
            print(f"{self._name} {done * 100 // PARTS:3d} %: {said}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Show that all is done, with the latest text; a run may end before its limit."""
        if self._done < PARTS:
            self.show(1.0, self._text)

    def _left(self, share: float) -> str:
        """The time left, at the pace since the first share that was shown; nothing while that says little."""
        now = time.monotonic()
        if self._began is None:
            self._began = now, share
        began, first = self._began
        if now - began < SOONEST or not first < share < 1:
            return ""
        return f", {clock((now - began) * (1 - share) / (share - first))} left"


class Parts:
    """A computation of so many parts, about as long as one another, that says before each which it is."""

    def __init__(self, count: int, show: Show) -> None:
        """`show` is told the share of the parts that are done."""
        self._count, self._show, self._begun = count, show, 0

    def begin(self, text: str) -> Show:
        """Say which part begins now; the one before it is done. Returns what is told of the progress within the part."""
        done, count, show = self._begun, self._count, self._show
        show(done / count, text)
        self._begun += 1
        return lambda share, text: show((done + share) / count, text)
