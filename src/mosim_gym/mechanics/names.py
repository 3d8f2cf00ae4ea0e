"""`UnknownName`: the one error for unknown names, with the valid ones in its message."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class UnknownName(KeyError):
    """An unknown name: one sentence with the fault, the nearest valid name and the valid choices."""

    def __init__(self, kind: str, name: object, valid: Sequence[str], *, hint: str = "") -> None:
        """`kind` says what was looked for. `hint` replaces the suggestion of the nearest name."""
        self.message = f"Unknown {kind} {name!r}. {said_choices(name, valid, hint)}"
        super().__init__(self.message)

    def __str__(self) -> str:
        """The message without the quotation marks of `KeyError`."""
        return self.message


def said_choices(name: object, valid: Sequence[str], hint: str = "") -> str:
    """The `valid` names in a sentence, after `hint` or, without one, after the valid name that is nearest to `name`."""
    by_letters = {str(word).lower(): word for word in reversed(valid)}
    near = difflib.get_close_matches(str(name).lower(), by_letters, n=1, cutoff=0.5)
    if not hint and near:
        hint = f"Did you mean {by_letters[near[0]]!r}?"
    return f"{hint} Valid: {', '.join(map(str, valid)) or '(none)'}.".lstrip()
