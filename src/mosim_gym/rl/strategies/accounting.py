"""What a policy's card says of its training: where it was, how many real steps it took, what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.rl.run import RunRecord
from mosim_gym.rl.strategies.training_starts import steps_of_glances

TRUTH, MODEL = "MuJoCo itself", "the model"


def trained_in(dynamics: Dynamics) -> str:
    """In words, where a policy is trained whose environments move by `dynamics`."""
    return TRUTH if dynamics.is_truth else MODEL


def accounts(dynamics: Dynamics, record: RunRecord, steps: int) -> dict[str, str | int]:
    """The entries of a policy's card on its training in `steps` control steps of `dynamics`.

    Real steps are those from which anything was learned, and those by which training starts were chosen. The real steps of evaluations,
    which choose the policy, are counted separately.
    """
    where = trained_in(dynamics)
    said = {"trained_in": where, "chosen_by": f"return in {where}"}
    if where == MODEL:
        if record.judge is not None:
            said["chosen_by"] = f"return in another model, {record.judge}"
        said["chosen_by"] += ", the lowest of the ensemble's members"
        return {**said, "steps_in_model": steps, "real_steps": 0}
    return {
        **said,
        "steps_in_model": 0,
        "real_steps": steps + steps_of_glances(record.config["near_reward_starts"]),
        "real_steps_of_evaluations": record.evaluation_steps,
    }


def card_of_real_steps(record: RunRecord, *, real_steps: int, updates: int) -> dict[str, Any]:
    """The card of a policy that was trained by real steps, evaluated in the real task, and is the last of its run."""
    return {
        "task": record.task,
        "algorithm": record.config["learner"]["algo"],
        "strategy": record.strategy,
        "model": record.model,
        "config": record.config,
        "real_steps": real_steps,
        "updates": updates,
        "training_seconds": round(record.seconds, 1),
        "curve": record.curve,
        "provenance": provenance(seeds=[record.config["seed"]]),
    }


def said_of_training(card: Mapping[str, Any]) -> str:
    """One sentence on the real steps of a policy that was trained in MuJoCo, from its card."""
    return (
        f"trained in the true simulator, {TRUTH}: {card['real_steps']:,} real steps, and "
        f"{card['real_steps_of_evaluations']:,} in the evaluations that chose the policy"
    )
