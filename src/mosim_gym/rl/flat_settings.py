"""Settings by name: those of a strategy's configuration and those of the learner's configuration in it, in one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields, replace
from typing import Any, TypeVar

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.renamed import RENAMED, now_called
from mosim_gym.mechanics.settings import Setting, kind_of

C = TypeVar("C")
HELD = "learner"
"""The field of a strategy's configuration that holds the learner's."""


def settings_of(config: Any) -> dict[str, Field[Any]]:
    """The fields of a configuration by name, with those of the learner's configuration in it."""
    found = {item.name: item for item in fields(config)}
    if HELD not in found:
        return found
    del found[HELD]
    return {**found, **{item.name: item for item in fields(getattr(config, HELD))}}


def changed(config: C, changes: Mapping[str, Any]) -> C:
    """`config` with the settings `changes`, its own and its learner's. An unknown name raises with the valid ones."""
    check_names(changes, config)
    own = {item.name for item in fields(config)}  # type: ignore[arg-type]
    mine = {name: value for name, value in changes.items() if name in own}
    theirs = {name: value for name, value in changes.items() if name not in own}
    if theirs:
        mine[HELD] = replace(getattr(config, HELD), **theirs)
    return replace(config, **mine)  # type: ignore[type-var]


def as_changes(assignments: Sequence[str], config: Any) -> dict[str, Setting]:
    """The settings in `["updates=16", "rate=3e-4"]` with their values, each of the type of its default in `config`."""
    valid = settings_of(config)
    changes: dict[str, Setting] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ValueError(
                f"{assignment!r} is not a training option: write name=value. Valid names: {', '.join(valid)}."
            )
        check_names([name], config)
        default: Any = valid[name].default
        try:
            changes[name] = _TRUTH[text.lower()] if isinstance(default, bool) else type(default)(text)
        except (ValueError, KeyError):
            raise ValueError(f"{assignment!r}: {name} needs {kind_of(default)}, such as {default}.") from None
    return changes


_TRUTH = {"true": True, "false": False}


def with_options(settings: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Typed settings, together with options that have a flag of their own and are not None. Raises if a setting is such an option."""
    twice = next((name for name in options if name in settings), None)
    if twice is not None:
        raise ValueError(f"{twice} is an option and not a setting: give it as --{twice}.")
    return {**{name: value for name, value in options.items() if value is not None}, **settings}


def check_names(names: Iterable[str], config: Any) -> None:
    """Raise for a name that is not a setting of `config`, with its new name, or with the learner that has it."""
    valid = list(settings_of(config))
    for name in names:
        if name not in valid:
            hint = now_called(name, valid) if name in RENAMED else _whose(name)
            raise UnknownName("training option", name, valid, hint=hint)


def _whose(name: str) -> str:
    """The hint with the learners that have the setting `name`."""
    from mosim_gym.rl.learners.base import LEARNERS

    owners = [algo for algo in LEARNERS.names() if name in settings_of(LEARNERS.find(algo).config_type)]
    said = (
        f"learner {owners[0]}"
        if len(owners) == 1
        else f"learners {', '.join(owners[:-1])} and {owners[-1]}"
        if owners
        else ""
    )
    return f"It is a setting of the {said}." if owners else ""
