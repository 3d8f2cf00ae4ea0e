"""`Progress`: the progress of a long command, as a bar on a terminal and as occasional lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tqdm import tqdm

LINE_SECONDS = 20.0
PARTS = 1000
LAYOUT = "{desc} {percentage:3.0f}%|{bar}| {postfix}"


class Progress:
    """Shows a share from 0 to 1 with a text, on stderr. Use it as a context manager."""

    def __init__(self, name: str, every: float = LINE_SECONDS) -> None:
        """`name` begins every line. Without a terminal there is a line every `every` seconds."""
        self._name, self._every, self._shown, self._done, self._text = name, every, -every, 0, ""
        self._bar = tqdm(total=PARTS, desc=name, bar_format=LAYOUT) if sys.stderr.isatty() else None

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
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(done - self._bar.n)
            self._bar.refresh()
        elif share >= 1 or time.monotonic() - self._shown >= self._every:
            self._shown = time.monotonic()
            print(f"{self._name} {done * 100 // PARTS:3d} %: {text}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Show that all is done, with the latest text; a run may end before its limit."""
        if self._done < PARTS:
            self.show(1.0, self._text)
