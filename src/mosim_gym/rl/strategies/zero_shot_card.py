"""The card of a policy that was trained in a model alone."""

from __future__ import annotations

from typing import Any

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.rl.learners.base import Learner
from mosim_gym.rl.run import RunRecord
from mosim_gym.rl.strategies.accounting import accounts, trained_in
from mosim_gym.rl.strategies.first_policy import FirstPolicy
from mosim_gym.rl.strategies.judging import ended_by


def card_of_zero_shot(
    record: RunRecord, learner: Learner, limits: dict[str, float], start: FirstPolicy | None
) -> dict[str, Any]:
    """The card of the best policy of a run. `limits` are those that might have ended the run, `start` is what it began with."""
    dynamics, steps = learner.env.dynamics, learner.env.steps_taken
    card = {
        "task": record.task,
        "algorithm": record.config["learner"]["algo"],
        "strategy": record.strategy,
        "config": record.config,
        "updates": learner.updates,
        **accounts(dynamics, record, steps),
        "return_in_model": record.best,
        **({} if record.judge is None else {"judge": record.judge}),
        "training_seconds": round(record.seconds, 1),
        **limits,
        "ended_by": ended_by(record, steps, limits, trained_in(dynamics)),
        "curve": record.curve,
        "provenance": provenance(seeds=[record.config["seed"]]),
        "model": _origin(dynamics),
    }
    if start is not None:
        card["start"] = start.card()
        card["real_steps"] += card["start"]["real_steps"]
    return card


def _origin(dynamics: Dynamics) -> dict[str, object]:
    """The facts about a model that belong beside a zero-shot number: its true motion, the origin of its starts, and any tuning."""
    keys = ("name", "transitions", "start_states", "tuned_on_real_return", "training_seconds")
    return {key: dynamics.card[key] for key in keys if key in dynamics.card}
