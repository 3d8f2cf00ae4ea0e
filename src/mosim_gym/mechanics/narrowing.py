"""Questions of what a value is, whose answers a type checker understands to the last type argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether `value` is a mapping; its keys are taken to be text."""
    return isinstance(value, Mapping)


def is_dict(value: object) -> TypeGuard[dict[str, object]]:
    """Whether `value` is a dictionary; its keys are taken to be text."""
    return isinstance(value, dict)


def is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Whether `value` is a list or a tuple."""
    return isinstance(value, list | tuple)


def is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    """Whether `value` is a tuple."""
    return isinstance(value, tuple)
