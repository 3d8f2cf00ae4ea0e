"""Rules for JSON from a file, which are checked before anything is built from it.

A rule is a function of a value. It returns None if the value fits, else a `Misfit`. Rules contain other rules:

    CARD = record({"name": text(), "seeds": each(whole(0))}, {"curve": each(anything)})
    check(path, "card", card, CARD)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.storage import FileFault

LARGEST = 1e12
"""The largest number that a file may hold. It is beyond all lengths, speeds, forces and weights."""


@dataclass(frozen=True)
class Misfit:
    """A value that breaks a rule: its place, the value, and what it must be."""

    place: str
    found: JSON
    wanted: str


T = TypeVar("T")
Rule = Callable[[JSON], Misfit | None]


def check(path: Path, name: str, value: JSON, rule: Rule) -> None:
    """Raise `FileFault` if `value`, which the file at `path` holds as `name`, breaks `rule`."""
    try:
        misfit = rule(value)
    except RecursionError:
        raise FileFault(f"{path} is damaged: its {name} is nested too deeply.") from None
    if misfit is not None:
        raise FileFault(
            f"{path} is damaged: its {name}{misfit.place} is {_short(misfit.found)}; it must be {misfit.wanted}."
        )


def checked(path: Path, name: str, value: JSON, rule: Rule, kind: type[T]) -> T:
    """`value`, once it is checked, as `kind`: the type of what fits `rule`."""
    check(path, name, value, rule)
    return cast("T", value)


def number(low: float = -LARGEST, high: float = LARGEST) -> Rule:
    """A finite number in [low, high]."""
    wanted = f"a number from {low:g} to {high:g}"

    def rule(value: JSON) -> Misfit | None:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return None if fits else Misfit("", value, wanted)

    return rule


def whole(low: int = 0, high: int = 2**53) -> Rule:
    """A whole number in [low, high]."""

    def rule(value: JSON) -> Misfit | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if fits else Misfit("", value, f"a whole number from {low} to {high}")

    return rule


def text(pattern: str | re.Pattern[str] = r"(?s).*", wanted: str = "text", longest: int = 10_000) -> Rule:
    """Text of at most `longest` characters that as a whole matches `pattern`."""
    compiled = re.compile(pattern)

    def rule(value: JSON) -> Misfit | None:
        fits = isinstance(value, str) and len(value) <= longest and compiled.fullmatch(value)
        return None if fits else Misfit("", value, wanted)

    return rule


def one_of(*choices: JSON) -> Rule:
    """One of `choices`, of the same type."""

    def rule(value: JSON) -> Misfit | None:
        fits = any(type(value) is type(choice) and value == choice for choice in choices)
        return None if fits else Misfit("", value, " or ".join(map(repr, choices)))

    return rule


def nullable(rule: Rule) -> Rule:
    """A value that fits `rule`, or null."""

    def either(value: JSON) -> Misfit | None:
        misfit = None if value is None else rule(value)
        return misfit and replace(misfit, wanted=f"{misfit.wanted} or null" if not misfit.place else misfit.wanted)

    return either


def each(rule: Rule, shortest: int = 0, longest: int = 1_000_000) -> Rule:
    """A list of `shortest` to `longest` items that fit `rule`."""

    def all_of(value: JSON) -> Misfit | None:
        if not isinstance(value, list) or not shortest <= len(value) <= longest:
            size = f" of {shortest}" if shortest == longest else f" of {shortest} to {longest}"
            return Misfit("", value, f"a list{size}")
        return _first((f"[{place}]", rule(item)) for place, item in enumerate(value))

    return all_of


def row(*rules: Rule) -> Rule:
    """A list with one item for each of `rules`, which fits that rule."""

    def all_of(value: JSON) -> Misfit | None:
        if not isinstance(value, list) or len(value) != len(rules):
            return Misfit("", value, f"a list of {len(rules)}")
        return _first((f"[{place}]", rule(item)) for place, (rule, item) in enumerate(zip(rules, value, strict=True)))

    return all_of


def mapping(rule: Rule, keys: Rule | None = None) -> Rule:
    """An object whose values fit `rule`, and its keys `keys`."""

    def all_of(value: JSON) -> Misfit | None:
        if not isinstance(value, dict):
            return Misfit("", value, "an object")
        wrong = None if keys is None else next((m for key in value if (m := keys(key)) is not None), None)
        return wrong or _first((f".{key}", rule(item)) for key, item in value.items())

    return all_of


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, others: bool = True) -> Rule:
    """An object with all keys of `required` and any of `optional`. With `others` it may have other keys, too."""
    known = {**required, **(optional or {})}

    def all_of(value: JSON) -> Misfit | None:
        if not isinstance(value, dict):
            return Misfit("", value, "an object")
        missing = [key for key in required if key not in value]
        if missing:
            return Misfit("", value, f"an object that has {', '.join(missing)}")
        foreign = [key for key in value if key not in known]
        if foreign and not others:
            return Misfit("", foreign[0], f"an object with no other keys than {', '.join(known)}")
        return _first((f".{key}", known.get(key, anything)(item)) for key, item in value.items())

    return all_of


def anything(value: JSON) -> Misfit | None:
    """Any JSON whose numbers are finite and at most `LARGEST`."""
    if isinstance(value, dict):
        return _first((f".{key}", anything(item)) for key, item in value.items())
    if isinstance(value, list):
        return _first((f"[{place}]", anything(item)) for place, item in enumerate(value))
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) <= LARGEST):
        return Misfit("", value, f"a number from {-LARGEST:g} to {LARGEST:g}")
    return None


def _first(found: Iterable[tuple[str, Misfit | None]]) -> Misfit | None:
    """The first misfit among pairs of a place and a misfit or None."""
    return next((replace(m, place=f"{place}{m.place}") for place, m in found if m is not None), None)


def _short(value: JSON) -> str:
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(value)}" if value else f"an empty {kind.split()[1]}"
    said = repr(value) if not isinstance(value, int) or abs(value) < 10**40 else "an enormous number"
    return said if len(said) <= 60 else f"{said[:57]}…"
