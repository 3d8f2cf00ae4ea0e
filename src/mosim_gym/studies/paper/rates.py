"""The search for learning rates before world models are compared: every model on one robot, for the same time at each rate.

What it finds best is for the models' defaults, with which the other tables are measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.durations import in_words
from mosim_gym.mechanics.schema import Rule, nullable, one_of, record, whole
from mosim_gym.mechanics.settings import setting
from mosim_gym.studies.equal_motion import equal_motion
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result
from mosim_gym.studies.paper.errors import errors_of, holds_errors, mean_error, shown
from mosim_gym.studies.paper.models import fit, sized_model
from mosim_gym.studies.paper.prediction import TITLES

ROBOT = "cheetah"
HORIZON = 16
TESTS = ("uniform", "poisson")
SEED = 20_012
"""Of the motion that rates are judged by; no test of another study has it."""
RATES = dict.fromkeys(TITLES, (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)) | {
    **dict.fromkeys(("mosim", "residual"), (2e-4, 6e-4, 2e-3, 6e-3, 2e-2)),
    "rssm": (1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
}
"""Learning rates of Adam that are tried. Muon's, where a model has one, keep their ratio to them."""


@dataclass(frozen=True)
class Rates(PaperStudy):
    """`transitions` control steps of motion to learn from, `budget` seconds at each rate, and `segments` to judge by."""

    name = "rates"
    title = "Before Tables 1 to 5: the learning rate of each world model, searched on cheetah for equal times"

    transitions: int = setting(1_000_000, least=1000, most=1_000_000_000)
    budget: float = setting(150.0, above=0)
    segments: int = setting(500, least=2, most=1_000_000)
    seed: int = setting(0, seed=True)

    def cells(self) -> list[Cell]:
        """The three middle rates of every model; the outer two below the cut line, for models whose best rate is at the edge."""
        return [
            Cell(
                f"{model}-{RATES[model][place]:g}",
                self.budget / 60 + 0.5,
                partial(self._measure, model, RATES[model][place]),
                self._holds(model, RATES[model][place]),
                first,
            )
            for first, places in ((True, (2, 3, 1)), (False, (4, 0)))
            for model in TITLES
            for place in places
        ]

    def _holds(self, model: str, rate: float) -> Rule:
        return record(
            {
                "model": one_of(model),
                "rate": one_of(rate),
                "parameters": nullable(whole()),
                "training_steps": nullable(whole()),
                "tests": record(dict.fromkeys(TESTS, holds_errors(HORIZON))),
            }
        )

    def _measure(self, model: str, rate: float, shared: Path) -> Result:
        data = equal_motion(ROBOT, self.transitions, shared)
        fitted = fit(sized_model(model, ROBOT, rate=rate), data, self.budget, self.seed)
        held = {kind: random_test(ROBOT, kind, segments=self.segments, steps=HORIZON, seed=SEED) for kind in TESTS}
        return {
            "model": model,
            "rate": rate,
            "parameters": fitted.parameters,
            "training_steps": fitted.steps,
            "tests": {kind: errors_of(fitted.model, test) for kind, test in held.items()},
        }

    def table(self, results: Results) -> str:
        """A row for each model, with its best rate, and whether a rate on either side of it was tried."""
        rows: list[list[str]] = []
        for model, title in TITLES.items():
            tried = {cell["rate"]: score(cell) for cell in results.values() if cell["model"] == model}
            if tried:
                best = best_rate(results, model)
                inside = min(tried) < best < max(tried)
                shown_rates = [shown(tried[rate]) if rate in tried else "" for rate in RATES[model]]
                rows.append(
                    [
                        title,
                        f"{RATES[model][0]:g} to {RATES[model][-1]:g}",
                        *shown_rates,
                        f"{best:g}",
                        "yes" if inside else "no",
                    ]
                )
        note = (
            f"Errors up to {HORIZON} control steps of {ROBOT}, the geometric mean of those under uniform and under Poisson actions, in "
            f"{self.segments} segments that no other table uses. Rates are of Adam, each about three times the one before; those of Muon "
            f"keep their ratio to them. Each fit learned for {in_words(self.budget)} from {self.transitions:,} control steps. "
            f"{measured(list(results.values()))}"
        )
        header = ["Model", "Rates", "First", "Second", "Third", "Fourth", "Fifth", "Best rate", "Worse on either side"]
        return f"{table(header, rows)}\n\n{note}"


def score(cell: Result) -> float:
    """What a rate is judged by: the geometric mean of the errors of both tests; infinite where the model diverged."""
    errors = [mean_error([cell], kind, HORIZON) for kind in TESTS]
    return math.sqrt(math.prod(math.inf if error is None else error for error in errors))


def best_rate(results: Results, model: str) -> float:
    """The rate of `model` with the least error."""
    return min((cell for cell in results.values() if cell["model"] == model), key=score)["rate"]
