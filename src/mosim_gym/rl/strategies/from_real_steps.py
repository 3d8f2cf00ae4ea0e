"""`FromRealSteps`: few-shot and on-policy learning as strategies with schedules, and what both say of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from mosim_gym.rl.flat_settings import as_changes, with_options
from mosim_gym.rl.strategies.alternation import AlternationConfig, AlternationResult
from mosim_gym.rl.strategies.base import Learned, Standing, Strategy
from mosim_gym.rl.strategies.model_penalty import with_penalty
from mosim_gym.rl.strategies.schedules import Schedules


def learned(result: AlternationResult) -> Learned:
    """`result` in the form that all strategies return."""
    said = f"after {result.policy.card['real_steps']:,} real steps"
    return Learned(result.policy, result.record.curve, result.model, said, {"returns": result.returns})


class FromRealSteps(Strategy):
    """The common part of strategies with schedules and real steps."""

    schedules: ClassVar[Schedules]
    """The schedules by name, the default one first."""
    scheduled_config: ClassVar[Callable[..., AlternationConfig]]
    """A function from a schedule's name, a learner's name and changed settings to the configuration."""

    def config(self, task: str, algo: str | None, seed: int, settings: Sequence[str], options: Any) -> Any:
        """The configuration of the schedule, with the typed settings."""
        known = self.scheduled_config(options.schedule, algo=algo)
        changes = with_options(as_changes(settings, known), algo=algo, seed=seed)
        return self.scheduled_config(options.schedule, **with_penalty(changes, options.penalty))

    def standing(self, state: dict[str, float]) -> Standing:
        """The progress, by the real steps so far."""
        return standing(state)


def standing(state: dict[str, float]) -> Standing:
    """The progress of a run, by its real steps so far."""
    share = state["real_steps"] / state["real_steps_in_all"]
    returns = [f"{value:.0f}" if value == value else "–" for value in (state["return"], state["training_return"])]
    seen = f"return {returns[0]}, of the last episode {returns[1]}"
    return Standing(share, f"{seen}, {state['real_steps']:,.0f} real steps of {state['real_steps_in_all']:,.0f}")
