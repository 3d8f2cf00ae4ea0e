"""`DisagreementPenalty`: keeps learners where an ensemble's members agree, by a penalty, by cutting episodes short, or both."""

from __future__ import annotations

from torch import Tensor

from mosim_gym.envs.commands import commands_before
from mosim_gym.envs.core import Core, State
from mosim_gym.envs.penalties.base import Charge, Penalty
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import is_finite, is_flag


class DisagreementPenalty(Penalty):
    """`weight · max(0, d / d₀ - 1)` for a disagreement d of the members. d₀ is its `quantile` over held-out motion of the model's recipe.

    The card of the checkpoint holds d₀. A model that goes on learning measures d₀ over the real steps so far. With `truncate` an episode
    ends where d exceeds d₀. `info` holds `disagreement`, d / d₀.
    """

    def __init__(self, weight: float = 1.0, *, truncate: bool = True, quantile: str = "0.999") -> None:
        """`weight` is at least 0. With 0 and `truncate`, episodes are cut and nothing is taken off."""
        if not is_finite(weight) or weight < 0:
            raise ValueError(f"weight is {weight!r}; it must be a finite number, at least 0.")
        if not is_flag(truncate):
            raise ValueError(f"truncate is {truncate!r}; it must be True or False.")
        self._weight, self._truncate, self._quantile = float(weight), bool(truncate), quantile

    def bind(self, core: Core, dynamics: Dynamics) -> None:
        """Prepare for `dynamics`, which must have at least two ensemble members."""
        if dynamics.members < 2:
            raise ValueError("A disagreement needs a checkpoint with at least two ensemble members.")
        known = dynamics.card.get("disagreement", {})
        if self._quantile not in known:
            raise UnknownName("quantile of the training disagreement", self._quantile, list(known))
        self._dynamics = dynamics

    def charge(self, state: State, action: Tensor) -> Charge:
        """The penalty from the disagreement on the acceleration."""
        values = state.features.values
        usual = self._dynamics.card["disagreement"][self._quantile]  # which a model that learns measures anew
        known = {} if state.previous is None else {"previous": commands_before(state.previous, action)}
        ratio = self._dynamics.disagreement(state.qpos, state.qvel, action, values, **known) / usual
        return Charge(self._weight * (ratio - 1).clamp(min=0), (ratio > 1) & self._truncate, {"disagreement": ratio})
