"""The error of predictions as it grows with the horizon, at every control step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mosim_gym.evaluation.heldout import HeldOut
from mosim_gym.evaluation.predicted import predicted
from mosim_gym.evaluation.prediction import squared_errors
from mosim_gym.mechanics.world_model import WorldModel

Array = np.ndarray


class Growth(NamedTuple):
    """Errors up to each horizon."""

    errors: Array
    """`(T,)`: the mean squared error over all state dimensions and the steps up to each. Infinite from where no prediction is finite."""
    diverged: float
    """The share of segments whose prediction is not finite somewhere. Each counts in the errors as long as it is finite."""


def error_growth(model: WorldModel, test: HeldOut) -> Growth:
    """How the error of `model`'s open-loop predictions grows over the steps of `test`."""
    with np.errstate(over="ignore", invalid="ignore"):
        squared = squared_errors(predicted(model, test.history, test.actions), test).mean(-1)
    finite = np.logical_and.accumulate(np.isfinite(squared), axis=1)
    counts = finite.sum(0)
    sums = np.where(finite, squared, 0.0).sum(0)
    at_each = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    errors = np.cumsum(at_each) / np.arange(1, len(at_each) + 1)
    return Growth(errors, float(1 - finite[:, -1].mean()))


def steps_below(errors: Array, level: float) -> int:
    """The steps up to which the error stays below `level`; all of `errors (T,)` where it never reaches it."""
    reached = np.flatnonzero(errors >= level)
    return int(reached[0]) if len(reached) else len(errors)
