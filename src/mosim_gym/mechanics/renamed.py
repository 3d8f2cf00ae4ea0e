"""Old names of settings, arguments and their values, and the messages that tell the new ones."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Self

from mosim_gym.mechanics.names import UnknownName, said_choices

RENAMED: Mapping[str, str] = {
    "following": "tau",
    "horizon": "n_step",
    "products": "matmul_precision",
    "wide": "spread_starts",
    "promising": "near_reward_starts",
    "reach": "threshold_scale",
    "ends": "outside_model (box: truncate, edge: terminate, finite: continue)",
    "old": "pretraining_share",
}
"""New names of renamed settings, by their old names."""
RENAMED_VALUES: Mapping[str, Mapping[str, str]] = {
    "outside_model": {"box": "truncate", "edge": "terminate", "finite": "continue"}
}
"""New values of each setting, by their old values."""


def now_called(name: str, valid: Collection[str], holder: str = "this configuration") -> str:
    """The hint with the new name of the old `name`, and whether `holder`, whose names are `valid`, has it."""
    new = RENAMED[name]
    here = "." if new.partition(" ")[0] in valid else f"; {holder} does not have it."
    return f"It is now called {new}{here}"


def unknown_choice(name: str, value: object, valid: Sequence[str]) -> UnknownName:
    """The error for a `value` of `name` that is not valid."""
    new = RENAMED_VALUES.get(name, {}).get(str(value))
    return UnknownName(name, value, valid, hint=f"It is now called {new!r}." if new else "")


class ChecksArguments:
    """A class whose constructor refuses unknown arguments in one sentence, which says the new name, who has it, or what is valid."""

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """For arguments that another object has: what to do."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Raise `TypeError` for an unknown name."""
        parameters = inspect.signature(cls).parameters
        valid = [name for name, parameter in parameters.items() if parameter.kind is not parameter.VAR_KEYWORD]
        for name in kwargs if len(valid) == len(parameters) else ():
            if name not in valid:
                raise TypeError(f"{cls.__name__} has no {name!r}. {cls._hint(name, valid)}")
        return super().__new__(cls)

    @classmethod
    def _hint(cls, name: str, valid: Sequence[str]) -> str:
        new = RENAMED.get(name, name).partition(" ")[0]
        for owner, held in _held(cls):
            if new in inspect.signature(held).parameters:
                called = f"It is now called {new}, and" if new != name else "It"
                return f"{called} belongs to {owner}: {owner}={held.__name__}({new}=…)."
        if name in cls.elsewhere:
            return cls.elsewhere[name]
        if name in RENAMED:
            return now_called(name, valid, cls.__name__)
        return said_choices(name, valid)


def _held(cls: type) -> Iterable[tuple[str, type]]:
    """The fields of a dataclass that hold another one by default, with its class."""
    return (
        ((item.name, type(item.default)) for item in fields(cls) if is_dataclass(item.default))
        if is_dataclass(cls)
        else ()
    )
