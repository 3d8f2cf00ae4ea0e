"""Settings of a configuration: a field declares its default and its rule, and `check_settings` checks all fields.

@dataclass(frozen=True)
class Config:
    width: int = setting(256, above=0, most=16_384)      # units of a hidden layer
    critic: str = setting("normed", choices=("normed", "plain"))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass
from typing import Any

from mosim_gym.mechanics.narrowing import is_mapping
from mosim_gym.mechanics.numbers import check_seed, is_finite
from mosim_gym.mechanics.renamed import unknown_choice

Setting = bool | int | float | str
"""What most settings are."""
_KINDS: dict[type, str] = {int: "a whole number", float: "a number", str: "a name", bool: "true or false"}
_RULE = "rule"


@dataclass(frozen=True)
class Rule:
    """Bounds or choices for the value of a setting. All numbers must be finite."""

    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float | None = None
    choices: Sequence[str] | None = None
    seed: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raise `ValueError` or `UnknownName` for a value that breaks the rule."""
        if self.seed:
            check_seed(value, name)
        if self.choices is not None and value not in self.choices:
            raise unknown_choice(name, value, list(self.choices))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        fits = (
            is_finite(value)
            and (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.below is None or value < self.below)
            and (self.most is None or value <= self.most)
        )
        if not fits:
            raise ValueError(f"{name} is {value}; it must be {self}.")

    def __str__(self) -> str:
        """The rule in words."""
        limits = (("above", self.above), ("at least", self.least), ("below", self.below), ("at most", self.most))
        said = [f"{word} {_shown(limit)}" for word, limit in limits if limit is not None]
        if self.above == 0:
            said = ["positive", *(said[1:] or ["finite"])]
        return " and ".join(said) or "finite"


def _shown(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"


def setting(default: Any, **rule: Any) -> Any:
    """A dataclass field with a default and a `Rule`."""
    return field(default=default, metadata={_RULE: Rule(**rule)})


def check_settings(config: Any) -> None:
    """Raise for a field whose value has another type than its default, or breaks its rule. Nested dataclasses are checked, too."""
    for item in fields(config):
        value = getattr(config, item.name)
        if is_dataclass(value):
            check_settings(value)
            continue
        default: object = item.default
        kind = type(default)
        if kind in _KINDS:
            fits = (int, float) if kind is float else kind
            if not isinstance(value, fits) or isinstance(value, bool) != (kind is bool):
                raise TypeError(f"{item.name} is {value!r}; it needs {_KINDS[kind]}, such as {default}.")
        rule_of(item).check(item.name, value)


def rule_of(item: Field[Any]) -> Rule:
    """What values of a field may be."""
    return item.metadata.get(_RULE, Rule())


def check_kind(config: object, kind: type[object], wanted: str) -> None:
    """Raise, in one sentence that ends with what is `wanted`, for a configuration of another kind."""
    if not isinstance(config, kind):
        raise TypeError(f"config is of {type(config).__name__}; {wanted}.")


def kind_of(default: object) -> str:
    """The name of `default`'s type in messages."""
    return _KINDS.get(type(default), type(default).__name__)


def said_difference(found: object, wanted: object) -> str:
    """The differences between `found` and `wanted` in words; between two mappings of settings by the names of those that differ."""
    if not (is_mapping(found) and is_mapping(wanted)):
        return f"{found}, here {wanted}"
    there, here = dict(_flat(found)), dict(_flat(wanted))
    names = [name for name in {**here, **there} if there.get(name) != here.get(name)]
    return "; ".join(f"{name} {there.get(name, 'not set')}, here {here.get(name, 'not set')}" for name in names)


def _flat(settings: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """All settings by their own names, those of mappings in the mapping among them."""
    for name, value in settings.items():
        yield from _flat(value) if is_mapping(value) else [(name, value)]
