"""How far a long command has come: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tqdm import tqdm

LINE_SECONDS = 20.0
PARTS = 1000
LAYOUT = "{desc} {percentage:3.0f}%|{bar}| {postfix}"


class Progress:
    """Shows shares from 0 to 1 with a text, on stderr; use as a context manager."""

    def __init__(self, name: str, every: float = LINE_SECONDS) -> None:
        """`name` stands before everything; without a terminal there is a line `every` so many seconds."""
        self._name, self._every, self._shown, self._done = name, every, -every, 0
        self._bar = tqdm(total=PARTS, desc=name, bar_format=LAYOUT) if sys.stderr.isatty() else None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, share: float, text: str) -> None:
        """Show where the command stands; without a terminal now and then, and at the end.

        A share that falls, as of a return that is to be reached, leaves what was shown.
        """
        done = self._done = max(self._done, min(PARTS, int(PARTS * share)))
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(done - self._bar.n)
            self._bar.refresh()
        elif share >= 1 or time.monotonic() - self._shown >= self._every:
            self._shown = time.monotonic()
            print(f"{self._name} {done * 100 // PARTS:3d} %: {text}", file=sys.stderr, flush=True)
