"""`options_of`: a function that passes `**options` on shows them in its signature, for `help` and for editors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def options_of(*takers: Callable[..., Any], without: Collection[str] = ()) -> Callable[[F], F]:
    """In place of `**options`, show the arguments with defaults of the functions or classes `takers`, except those named in `without`."""

    def shown(function: F) -> F:
        own = inspect.signature(function)
        parts = [item for item in own.parameters.values() if item.kind is not item.VAR_KEYWORD]
        names = {item.name for item in parts} | set(without)
        for taker in takers:
            for item in inspect.signature(taker).parameters.values():
                if item.default is not item.empty and item.name not in names:
                    parts.append(item.replace(kind=item.KEYWORD_ONLY))
                    names.add(item.name)
        function.__signature__ = own.replace(parameters=parts)  # type: ignore[attr-defined]
        return function

    return shown
