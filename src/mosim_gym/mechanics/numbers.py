"""Numbers as users give them."""

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
