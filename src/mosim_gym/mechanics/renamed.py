"""Old names of settings, arguments and their values, and the messages that tell the new ones."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

from mosim_gym.mechanics.names import UnknownName

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


class KnowsOldNames:
    """A class whose constructor tells the new names of renamed arguments."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Raise `TypeError`, in one sentence, for an old name."""
        old = [name for name in kwargs if name in RENAMED]
        valid = inspect.signature(cls).parameters if old else ()
        for name in old:
            if name not in valid:
                raise TypeError(f"{cls.__name__} has no {name!r}. {now_called(name, valid, cls.__name__)}")
        return super().__new__(cls)
