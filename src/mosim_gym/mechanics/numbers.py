"""Checks of numbers that users give."""

from __future__ import annotations

import math
import operator
from typing import SupportsFloat, SupportsIndex

import numpy as np


def whole_number(value: object) -> int | None:
    """`value` as an `int`, from numpy's integers or any other type with `__index__`; None for truth values and all other values."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return None
    try:
        return operator.index(value)
    except TypeError:  # arrays and tensors have `__index__`, which most of them refuse
        return None


def is_finite(value: object) -> bool:
    """Whether `value` is a number, neither infinite nor NaN. Text and truth values are not numbers."""
    try:
        return isinstance(value, SupportsFloat) and not isinstance(value, bool) and math.isfinite(value)
    except (TypeError, ValueError, OverflowError):  # arrays of several numbers, and integers beyond all floats
        return False


def is_flag(value: object) -> bool:
    """Whether `value` is a truth value, Python's or numpy's."""
    return isinstance(value, bool | np.bool_)


def check_flags(**flags: object) -> None:
    """Raise `TypeError` for a value that is neither true nor false."""
    for name, value in flags.items():
        if not is_flag(value):
            raise TypeError(f"{name} is {value!r}; it must be True or False.")


def positive_number(value: object, name: str) -> int:
    """`value` as an `int` of at least 1; raises `ValueError` with `name` for any other value."""
    count = whole_number(value)
    if count is None or count < 1:
        raise ValueError(f"{name} is {value!r}; it must be a whole number, at least 1.")
    return count


def check_seed(value: object, name: str = "seed") -> None:
    """Raise `ValueError` unless every generator of random numbers can be seeded with `value`."""
    seed = whole_number(value)
    if seed is None or not 0 <= seed < 2**32:
        raise ValueError(f"{name} is {value!r}; it must be a whole number, at least 0 and below 2^32.")


def check_at_least(least: int, **numbers: float) -> None:
    """Raise `ValueError` for the first of `numbers` that is below `least` or NaN."""
    for name, value in numbers.items():
        if not value >= least:
            raise ValueError(f"{name} is {value}; it must be at least {least}.")
