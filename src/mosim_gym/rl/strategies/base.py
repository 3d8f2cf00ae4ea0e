"""`Strategy`: the base class of ways to train a policy, and the registry of strategies, which are commands of `mosim-gym rl`.

A strategy has a configuration, which holds a learner's, the options of a run, and one function that trains.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.registry import Registry
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.base import LEARNERS

Report = Callable[[dict[str, float]], None]


def option(default: Any, help: str) -> Any:
    """A field of a strategy's options. `help` is its text on the command line."""
    return field(default=default, metadata={"help": help})


class Trial(NamedTuple):
    """A way to run a strategy that the benchmark of real steps measures."""

    title: str
    """What plots call it."""
    algo: str | None
    """The learner; None is the strategy's choice."""
    options: Any
    """The run's options, `real_steps` among them."""


class Use(NamedTuple):
    """When a strategy is what one wants: a row of the documentation's tables."""

    given: str
    """What one has."""
    how: str
    """What one does."""
    page: str
    """The page on it, in docs/strategies."""
    real_steps: str
    """How many real steps of the task it takes, in words."""
    cost: str
    """What else it takes."""


class Standing(NamedTuple):
    """The progress of a run: the share of its nearest limit that is reached, and a line of text."""

    share: float
    text: str


@dataclass
class Learned:
    """The result of a strategy's training."""

    policy: ActorPolicy
    """Its card says `training_seconds` and `config`, and `real_steps` if any were taken."""
    curve: list[dict[str, float]]
    """The evaluations, in order."""
    dynamics: Dynamics
    """The model in which the policy was trained, in its final state."""
    summary: str
    """One line of text, to which the command line adds the real return."""
    notes: Mapping[str, object] = field(default_factory=dict[str, object])
    """Further entries of the result file."""


class Strategy(ABC):
    """A way to train a policy for a task."""

    summary: ClassVar[str]
    """One sentence for the command line."""
    options: ClassVar[type]
    """A frozen dataclass with the options of a run beside its configuration. Each field is an `option`."""
    uses: ClassVar[Sequence[Use]] = ()
    """When it is what one wants; strategies of other packages have documentation of their own."""

    @classmethod
    def learners(cls) -> list[str]:
        """The registered learners that it works with; by default all of them."""
        return LEARNERS.names()

    @classmethod
    def trials(cls, name: str, task: str) -> dict[str, Trial]:
        """What the benchmark of real steps measures of this strategy, which is registered as `name`: runs by name, the best known first.

        By default the run with all defaults, if the options have `real_steps`, and nothing otherwise.
        """
        if "real_steps" not in {item.name for item in fields(cls.options)}:
            return {}
        return {name: Trial(name, None, cls.options())}

    @abstractmethod
    def config(self, task: str, algo: str | None, seed: int, settings: Sequence[str], options: Any) -> Any:
        """The configuration for `task` with the learner `algo` (None is the strategy's choice) and settings in the form `name=value`."""

    @abstractmethod
    def learn(self, task: str, config: Any, options: Any, folder: Path, report: Report) -> Learned:
        """Train. An interrupted run in `folder` continues. `report` is called with the run's state on the way."""

    @abstractmethod
    def standing(self, state: dict[str, float]) -> Standing:
        """The progress of a run, from a reported state."""


STRATEGIES: Registry[Strategy] = Registry(
    "strategy",
    "mosim_gym.strategies",
    Strategy,  # type: ignore[type-abstract]
    {
        "zero-shot": "mosim_gym.rl.strategies.zero_shot_strategy:ZeroShot",
        "few-shot": "mosim_gym.rl.strategies.few_shot:FewShot",
        "on-policy": "mosim_gym.rl.strategies.on_policy:OnPolicy",
        "real-task": "mosim_gym.rl.strategies.real_task:RealTask",
    },
)
