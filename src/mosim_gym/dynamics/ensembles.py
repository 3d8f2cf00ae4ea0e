"""Which members of an ensemble are used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mosim_gym.mechanics.numbers import whole_number


def chosen_members(ensemble: int | Sequence[int] | None, available: int) -> list[int]:
    """The members that `ensemble` asks for, or one sentence saying why there are none such."""
    count = available if ensemble is None else whole_number(ensemble)
    chosen = range(count) if count is not None else ensemble if isinstance(ensemble, Iterable) else ()
    numbers = [whole_number(member) for member in chosen]
    members = [number for number in numbers if number is not None and 0 <= number < available]
    if not members or len(members) < len(numbers):
        raise ValueError(
            f"ensemble is {ensemble!r}; this checkpoint has {available} member{'s' * (available > 1)}: give how many to use, "
            f"or which, counted from 0."
        )
    return members
