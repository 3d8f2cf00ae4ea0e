"""`UnknownName`: the one error for unknown names, with the valid ones in its message."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class UnknownName(KeyError):
    """An unknown name: one sentence with the fault, the nearest valid name and the valid choices."""

    def __init__(self, kind: str, name: object, valid: Sequence[str], *, hint: str = "") -> None:
        """`kind` says what was looked for. `hint` replaces the suggestion of the nearest name."""
        by_letters = {str(word).lower(): word for word in reversed(valid)}
        near = difflib.get_close_matches(str(name).lower(), by_letters, n=1, cutoff=0.5)
        hint = f" {hint}" if hint else f" Did you mean {by_letters[near[0]]!r}?" if near else ""
        self.message = f"Unknown {kind} {name!r}.{hint} Valid: {', '.join(map(str, valid)) or '(none)'}."
        super().__init__(self.message)

    def __str__(self) -> str:
        """The message without the quotation marks of `KeyError`."""
        return self.message
