"""Numbers as people give them."""

from __future__ import annotations

import math
import operator
from typing import SupportsFloat, SupportsIndex


def whole_number(value: object) -> int | None:
    """`value` as an `int`, be it numpy's or any other type with `__index__`; None for truth values and for whatever is no whole number."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return None
    try:
        return operator.index(value)
    except TypeError:  # arrays and tensors have `__index__`, which most of them refuse
        return None


def is_finite(value: object) -> bool:
    """Whether `value` is a number, neither infinite nor NaN; text that spells one is none."""
    try:
        return isinstance(value, SupportsFloat) and math.isfinite(value)
    except (TypeError, ValueError, OverflowError):  # arrays of several numbers, and integers beyond all floats
        return False


def check_at_least(least: int, **numbers: float) -> None:
    """Raise, in one sentence, for the first of `numbers` that is below `least`, or no number."""
    for name, value in numbers.items():
        if not value >= least:
            raise ValueError(f"{name} is {value}; it must be at least {least}.")
