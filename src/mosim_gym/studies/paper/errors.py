"""Errors by horizon as cells hold them and as tables show them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mosim_gym.evaluation.growing import error_growth
from mosim_gym.evaluation.heldout import HeldOut
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.schema import Rule, each, nullable, record
from mosim_gym.mechanics.world_model import WorldModel, as_world_model
from mosim_gym.studies.paper.cell_files import Result, figure


def errors_of(predictor: WorldModel | Dynamics, test: HeldOut) -> Result:
    """What a cell holds of one test: the errors up to every step, and the share of segments that diverged."""
    found = error_growth(as_world_model(predictor), test)
    return {"errors": rounded(found.errors), "diverged": found.diverged}


def holds_errors(steps: int) -> Rule:
    """What `errors_of` a test of so many control steps is, in a cell's file."""
    return record({"errors": each(nullable(figure), steps, steps), "diverged": figure})


def rounded(errors: np.ndarray) -> list[float | None]:
    """`errors (T,)` with four digits; None where an error is not finite."""
    return [float(f"{error:.4g}") if np.isfinite(error) else None for error in errors]


def mean_error(cells: Sequence[Result], test: str, horizon: int, part: str = "errors") -> float | None:
    """The mean over seeds of the error up to `horizon`; None where there is none, infinite where a model diverged."""
    rows = [cell["tests"][test][part] for cell in cells if test in cell["tests"] and part in cell["tests"][test]]
    at = [row[horizon - 1] for row in rows if len(row) >= horizon]
    return float(np.mean([np.inf if error is None else error for error in at])) if at else None


def shown(value: float | None) -> str:
    """An error in a table."""
    return "" if value is None else "diverged" if not np.isfinite(value) else f"{value:.3g}"


def shown_at(cells: Sequence[Result], test: str, horizons: Sequence[int], part: str = "errors") -> str:
    """The mean errors at several horizons, between slashes."""
    return " / ".join(filter(None, (shown(mean_error(cells, test, h, part)) for h in horizons)))
