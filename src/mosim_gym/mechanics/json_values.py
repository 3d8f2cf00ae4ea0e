"""What JSON can hold, as a type, and two questions to ask of a value of any type."""

from __future__ import annotations

from typing import TypeAlias, TypeGuard

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
"""A value read from JSON."""


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether JSON writes `value` as an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Whether JSON writes `value` as a list."""
    return isinstance(value, list | tuple)
