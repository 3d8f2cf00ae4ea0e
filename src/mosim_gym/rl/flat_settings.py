"""Settings by name, as people type them: those of a configuration, and those of the learner that it holds, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass, replace
from typing import Any, TypeVar

from mosim_gym.mechanics.names import UnknownName

C = TypeVar("C")
HELD = "learner"
"""The field of a strategy's configuration that holds the learner's."""
_KINDS: dict[type, str] = {int: "a whole number", float: "a number", str: "a name"}


def settings_of(config: Any) -> dict[str, Field[Any]]:
    """The fields of a configuration, or of a kind of one, by name; those of the learner that it holds are among them."""
    found = {item.name: item for item in fields(config)}
    if HELD not in found:
        return found
    del found[HELD]
    return {**found, **{item.name: item for item in fields(getattr(config, HELD))}}


def changed(config: C, changes: Mapping[str, Any]) -> C:
    """`config` with the settings `changes`, its own and its learner's; what neither has is refused with the valid names."""
    check_names(changes, config)
    own = {item.name for item in fields(config)}  # type: ignore[arg-type]
    mine = {name: value for name, value in changes.items() if name in own}
    theirs = {name: value for name, value in changes.items() if name not in own}
    if theirs:
        mine[HELD] = replace(getattr(config, HELD), **theirs)
    return replace(config, **mine)  # type: ignore[type-var]


def as_changes(assignments: Sequence[str], config: Any) -> dict[str, Any]:
    """`["updates=16", "rate=3e-4"]` as settings of `config` with their values, each of its default's type."""
    valid, changes = settings_of(config), {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ValueError(
                f"{assignment!r} sets no training option: write name=value. Valid names: {', '.join(valid)}."
            )
        check_names([name], config)
        default = valid[name].default
        try:
            changes[name] = type(default)(text)
        except ValueError:
            raise ValueError(f"{assignment!r}: {name} needs {_KINDS[type(default)]}, such as {default}.") from None
    return changes


def with_options(settings: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Settings that were typed, and options that have a name of their own, None being none; one of the two is enough for each."""
    twice = next((name for name in options if name in settings), None)
    if twice is not None:
        raise ValueError(f"{twice} is no setting but an option: give it as --{twice}.")
    return {**{name: value for name, value in options.items() if value is not None}, **settings}


def check_names(names: Iterable[str], config: Any) -> None:
    """Refuse what is no setting of `config`, saying whose it is."""
    valid = list(settings_of(config))
    for name in names:
        if name not in valid:
            raise UnknownName("training option", name, valid, hint=_whose(name))


def _whose(name: str) -> str:
    """Which learners have the setting `name`, or which training."""
    from mosim_gym.rl.learner_settings import LearnerConfig, ShacLearnerConfig
    from mosim_gym.rl.settings import ZeroShotConfig
    from mosim_gym.rl.shac import ShacConfig

    owners: dict[type, str] = {
        LearnerConfig: "SAC and TQC",
        ShacLearnerConfig: "SHAC",
        ZeroShotConfig: "zero-shot training by SAC and TQC",
        ShacConfig: "zero-shot training by SHAC",
    }
    found = next((owner for kind, owner in owners.items() if name in settings_of(kind)), None)
    return f"It is a setting of {found}." if found else ""


def check_kinds(config: Any) -> None:
    """Refuse a field that is of another kind than its default; those of the learner that it holds too."""
    for item in fields(config):
        value = getattr(config, item.name)
        if item.name == HELD:
            if is_dataclass(value):
                check_kinds(value)
            continue
        kind = type(item.default)
        fits = (int, float) if kind is float else kind
        if not isinstance(value, fits) or isinstance(value, bool):
            raise TypeError(f"{item.name} is {value!r}; it needs {_KINDS[kind]}, such as {item.default}.")


def check_positive(config: Any, names: Sequence[str]) -> None:
    """Refuse a field that is not a positive, finite number."""
    for name in names:
        if not 0 < getattr(config, name) < math.inf:
            raise ValueError(f"{name} is {getattr(config, name)}; it must be positive and finite.")
