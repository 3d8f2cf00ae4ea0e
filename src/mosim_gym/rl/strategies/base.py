"""`Strategy`: the base class of ways to train a policy, and the registry of strategies, which are commands of `mosim-gym rl`.

A strategy has a configuration, which holds a learner's, the options of a run, and one function that trains.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.registry import Registry
from mosim_gym.policies.actor import ActorPolicy

Report = Callable[[dict[str, float]], None]


def option(default: Any, help: str) -> Any:
    """A field of a strategy's options. `help` is its text on the command line."""
    return field(default=default, metadata={"help": help})


class Standing(NamedTuple):
    """The progress of a run: the share of its nearest limit that is reached, and a line of text."""

    share: float
    text: str


@dataclass
class Learned:
    """The result of a strategy's training."""

    policy: ActorPolicy
    curve: list[dict[str, Any]]
    """The evaluations, in order."""
    dynamics: Dynamics
    """The model in which the policy was trained, in its final state."""
    summary: str
    """One line of text, to which the command line adds the real return."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Further entries of the result file."""


class Strategy(ABC):
    """A way to train a policy for a task."""

    summary: ClassVar[str]
    """One sentence for the command line."""
    options: ClassVar[type]
    """A frozen dataclass with the options of a run beside its configuration. Each field is an `option`."""

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
    },
)
