"""Schedules: named settings of a strategy that learns from real steps, and the configuration and the benchmark's runs that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, replace
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.settings import Setting
from mosim_gym.rl.flat_settings import changed
from mosim_gym.rl.learners.base import LEARNERS, LearnerConfig, learner_config
from mosim_gym.rl.strategies.base import option


class HoldsLearner(Protocol):
    """A dataclass with the configuration of a learner among its fields."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def learner(self) -> LearnerConfig:
        """The learner's configuration."""
        ...


C = TypeVar("C", bound=HoldsLearner)
GRADIENTS, BRANCHES = "gradients", "branches"
"""The default schedules: of a learner that needs gradients or where none is named, and of any other learner."""


class Schedule(NamedTuple):
    """Settings of a strategy by name."""

    title: str
    """What plots call it."""
    about: str
    """What it is, for people who choose one."""
    settings: Mapping[str, Setting | LearnerConfig]
    """What differs from the strategy's defaults."""


Schedules = Mapping[str, Schedule]


def on_branches(algo: str, **changes: Any) -> LearnerConfig:
    """The configuration of the learner `algo` for branches in a model that changes."""
    defaults = {**LEARNERS.find(algo).defaults("branches", ""), **changes}
    return learner_config(algo, **defaults)


def scheduled(
    default: C, schedules: Schedules, schedule: str | None, algo: str | None, changes: Mapping[str, Any]
) -> C:
    """`default` with the named schedule, the learner `algo`, and the settings `changes`.

    The default schedule is `gradients`, or `branches` for a learner that needs no gradients.
    """
    if schedule is None:
        schedule = GRADIENTS if algo is None or LEARNERS.find(algo).needs_gradients else BRANCHES
    if schedule not in schedules:
        raise UnknownName("schedule", schedule, list(schedules))
    config = replace(default, **schedules[schedule].settings)
    if algo is not None and algo != config.learner.algo:
        same_kind = isinstance(config.learner, LEARNERS.find(algo).config_type)
        learner = replace(config.learner, algo=algo) if same_kind else on_branches(algo)
        config = replace(config, learner=learner)
    return changed(config, {name: value for name, value in changes.items() if value is not None})


def schedule_option(schedules: Schedules) -> Any:
    """The option `schedule` of a strategy that has these."""
    return option(None, "; ".join(f"{name}: {schedule.about}" for name, schedule in schedules.items()) + ".")
