"""Tables of what is registered: strategies and when each is what one wants, schedules, learners, and what all of them can be set to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.settings import kind_of, rule_of
from mosim_gym.rl.flat_settings import settings_of
from mosim_gym.rl.learners.base import LEARNERS, learner_config
from mosim_gym.rl.strategies import planning
from mosim_gym.rl.strategies.base import STRATEGIES, Use
from mosim_gym.rl.strategies.from_real_steps import FromRealSteps
from mosim_gym.rl.strategies.zero_shot import config_for
from mosim_gym.robots import tasks

EXAMPLE = "CheetahRun"


def uses() -> Iterator[Use]:
    """When which strategy is what one wants: those of the registry, with planning after those that take no real step."""
    found = [use for name in STRATEGIES.names() for use in STRATEGIES.find(name).uses]
    first = next(number for number, use in enumerate(found) if use.real_steps != "none")
    yield from (*found[:first], planning.USE, *found[first:])


def uses_table(folder: str = "", *, costs: bool = True) -> str:
    """A row for each use; pages on strategies are in `folder` as seen from the table."""
    rows = [
        [use.given, f"[{use.how}]({folder}{use.page})", use.real_steps, *([use.cost] if costs else [])]
        for use in uses()
    ]
    return table(["You have", "Strategy", "Real steps of the task", *(["What it costs"] if costs else [])], rows)


def commands_table() -> str:
    """A row for each command that makes actions out of a model or of real steps."""
    rows = []
    for name in STRATEGIES.names():
        kind = STRATEGIES.find(name)
        algos = " ".join(f"`{algo}`" for algo in kind.learners())
        rows.append([f"`mosim-gym rl {name} {EXAMPLE}`", _first_sentence(kind.summary), algos])
    rows.append([f"`mosim-gym plan {EXAMPLE}`", "Search the model for actions at every step.", ""])
    return table(["Command", "What it does", "`--algo`"], rows)


def learners_table() -> str:
    """A row for each learner: what it learns by, whether through gradients of the model, and where its settings stand."""
    rows = []
    for algo in LEARNERS.names():
        kind = LEARNERS.find(algo)
        config = kind.config_type
        place = f"[`{config.__name__}`][{config.__module__}.{config.__qualname__}]"
        rows.append([f"`{algo}`", kind.summary, "needed" if kind.needs_gradients else "not needed", place])
    return table(["`--algo`", "What it is", "Gradients of the model", "Settings"], rows)


def schedules_table(strategy: str) -> str:
    """A row for each schedule of a strategy of real steps: what it is, and the numbers of a round."""
    kind = STRATEGIES.find(strategy)
    assert issubclass(kind, FromRealSteps)
    rows = []
    for name, schedule in kind.schedules.items():
        config: Any = kind.scheduled_config(name)
        inside = config.forward == "model"
        rows.append(
            [
                f"`{name}`",
                schedule.about,
                config.learner.algo.upper(),
                f"{config.round_steps:,}",
                f"{config.model_updates:,} of {config.model_batch:,}",
                f"{config.branches} of {config.branch:,} steps" if inside else "none",
                f"{config.virtual_steps:,}" if inside else "none",
            ]
        )
    header = [
        "`--schedule`", "What it is", "Learner", "Real steps of a round", "Batches for the model", "Branches",
        "Steps of each environment in the model",
    ]  # fmt: skip
    return table(header, rows)


def settings_table(config: Any) -> str:
    """A row for each setting of a configuration: its name, its default, what it may be. Those of a learner that it holds are left out, and
    so is what is an option of commands.
    """
    rows = [
        [f"`{name}`", _shown(getattr(config, name)), _may_be(item, getattr(config, name))]
        for name, item in settings_of(config).items()
        if hasattr(config, name) and name != "algo" and not rule_of(item).seed
    ]
    return table(["Setting", "Default", "What it may be"], rows)


def learner_settings(algo: str) -> str:
    """The settings of a learner."""
    return settings_table(learner_config(algo))


def differences_table(algo: str, strategy: str) -> str:
    """A row for each setting of a learner that differs from its defaults where `strategy` trains, whatever the task."""
    plain = learner_config(algo)
    changes = LEARNERS.find(algo).defaults(strategy, "")
    rows = [[f"`{name}`", _shown(value), _shown(getattr(plain, name))] for name, value in changes.items()]
    return table(["Setting", f"In {strategy}", "Else"], rows)


def tasks_table() -> str:
    """A row for each group of tasks whose zero-shot training differs from the defaults in the same way."""
    plain, groups = _values(config_for(EXAMPLE)), {}
    for task in tasks():
        own = {name: value for name, value in _values(config_for(task)).items() if value != plain[name]}
        said = " ".join(f"`{name}={value}`" for name, value in own.items())
        if said:
            groups.setdefault(said, []).append(task)
    return table(["Task", "What differs"], [[", ".join(names), said] for said, names in groups.items()])


def _values(config: Any) -> dict[str, Any]:
    """All settings by name, the learner's among them."""
    return {
        name: getattr(config, name) if hasattr(config, name) else getattr(config.learner, name)
        for name in settings_of(config)
    }


def _first_sentence(text: str) -> str:
    return f"{text.split('. ')[0].rstrip('.')}."


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else f"`{value}`" if value else "none"


def _may_be(item: Any, default: Any) -> str:
    rule = rule_of(item)
    if rule.choices is not None:
        return ", ".join(f"`{choice}`" for choice in rule.choices)
    said = kind_of(default)
    return f"{said}, {rule}" if isinstance(default, int | float) and not isinstance(default, bool) else said
