"""Penalties on the reward where the model should not be believed: one penalty a file, and one pair of wrappers for all."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mosim_gym.envs.penalties.base import PENALTIES, Charge, Penalty
    from mosim_gym.envs.penalties.density import DensityPenalty
    from mosim_gym.envs.penalties.disagreement import DisagreementPenalty
    from mosim_gym.envs.penalties.wrappers import penalise

__all__ = ["PENALTIES", "Charge", "DensityPenalty", "DisagreementPenalty", "Penalty", "penalise"]
_PLACES = {
    "PENALTIES": "base",
    "Charge": "base",
    "Penalty": "base",
    "DensityPenalty": "density",
    "DisagreementPenalty": "disagreement",
    "penalise": "wrappers",
}


def __getattr__(name: str) -> Any:
    """Import on demand, because environments import the base class from here, and the wrappers import environments."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
