"""Numbers that people give, checked alike everywhere."""

from __future__ import annotations


def check_at_least(least: int, **numbers: float) -> None:
    """Raise, in one sentence, for the first of `numbers` that is below `least`, or no number."""
    for name, value in numbers.items():
        if not value >= least:
            raise ValueError(f"{name} is {value}; it must be at least {least}.")
