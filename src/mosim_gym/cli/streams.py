"""Output that ends no command: a closed pipe is written to no more, and letters that a stream does not know are replaced."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable


class Unbroken(io.TextIOBase):
    """`stream`, until its reader is gone. From then on what is written is lost."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        """Letters outside the stream's encoding are shown as question marks."""
        self._stream = stream
        stream.reconfigure(errors="replace")

    def write(self, text: str, /) -> int:
        """Write `text`, or lose it."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._close()
            return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write all `lines`, or lose them."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what waits, or lose it."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._close()

    def isatty(self) -> bool:
        """As the stream."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """As the stream."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """As the stream."""
        return self._stream.encoding

    def _close(self) -> None:
        """Let the stream's end lead nowhere, so that neither later writing nor Python's own last flush fails."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def keep_writing() -> None:
    """Make the program's two streams unbroken, if they are not yet."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, Unbroken(stream))
