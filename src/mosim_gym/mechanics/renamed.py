"""What settings, arguments and their values were called before: whoever uses an old name is told the new one."""

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
"""New names by old ones."""
RENAMED_VALUES: Mapping[str, Mapping[str, str]] = {
    "outside_model": {"box": "truncate", "edge": "terminate", "finite": "continue"}
}
"""New values by old ones, for each name."""


def now_called(name: str, valid: Collection[str]) -> str:
    """What the old `name` is called now, and whether the new one is `valid` here."""
    new = RENAMED[name]
    here = "." if new.partition(" ")[0] in valid else "; there is no such setting here."
    return f"It is now called {new}{here}"


def unknown_choice(name: str, value: object, valid: Sequence[str]) -> UnknownName:
    """The error for a value of `name` that is none of the valid ones."""
    new = RENAMED_VALUES.get(name, {}).get(str(value))
    return UnknownName(name, value, valid, hint=f"It is now called {new!r}." if new else "")


class KnowsOldNames:
    """A class whose constructor tells the new names of arguments that it had under others."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Raise `TypeError`, in one sentence, for an old name."""
        old = [name for name in kwargs if name in RENAMED]
        valid = inspect.signature(cls).parameters if old else ()
        for name in old:
            if name not in valid:
                raise TypeError(f"{cls.__name__} has no {name!r}. {now_called(name, valid)}")
        return super().__new__(cls)
