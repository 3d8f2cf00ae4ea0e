"""The penalty that a strategy takes off the rewards of its model's transitions, by the setting `penalty`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mosim_gym.envs.penalties.base import PENALTIES, Penalty
from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.rl.strategies.base import option

NO_PENALTY = "none"
USUAL_SCALE = 1.0
"""The default of `threshold_scale`."""


def penalty_option() -> Any:
    """The option `penalty` of a strategy, which is the setting of that name."""
    return option(
        None,
        f"What keeps the learner where the model knows: {', '.join(PENALTIES.names())}, or a density's file.",
    )


def with_penalty(changes: Mapping[str, Any], penalty: str | None) -> dict[str, Any]:
    """The settings `changes` with the option `penalty`, if it is given. Raises if both have a penalty."""
    if penalty is not None and "penalty" in changes:
        raise ValueError("penalty is given twice, by --penalty and by --set; once is enough.")
    return {**changes, **({} if penalty is None else {"penalty": penalty})}


def check_penalty(penalty: str, threshold_scale: float) -> None:
    """Raise, in one sentence, for an unknown penalty, and for a scale of one that has no threshold."""
    if penalty not in (NO_PENALTY, *PENALTIES.names()) and not Path(penalty).is_file():
        raise UnknownName("penalty", penalty, [NO_PENALTY, *PENALTIES.names(), "a density's file"])
    if threshold_scale != USUAL_SCALE and not _is_density(penalty):
        raise ValueError(
            f"threshold_scale is {threshold_scale}, but penalty is {penalty}; only a density has a threshold."
        )


def penalties_of(penalty: str, threshold_scale: float) -> list[Penalty]:
    """The penalties on rewards in training. Evaluations have none."""
    if penalty == NO_PENALTY:
        return []
    if penalty not in PENALTIES.names():
        return [DensityPenalty(penalty, threshold_scale=threshold_scale)]
    kind = PENALTIES.find(penalty)
    return [kind(threshold_scale=threshold_scale) if issubclass(kind, DensityPenalty) else kind()]


def _is_density(penalty: str) -> bool:
    if penalty in PENALTIES.names():
        return issubclass(PENALTIES.find(penalty), DensityPenalty)
    return penalty != NO_PENALTY
