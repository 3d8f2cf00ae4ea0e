"""The course of a training run: stage after stage, each for its share of the time that is left, or until it learns no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mosim_gym.training.config import Stage
from mosim_gym.training.pacing import SAVE_SECONDS, Pace

WARM_UP_STEPS = 100
TIMED_STEPS = WARM_UP_STEPS // 2, WARM_UP_STEPS // 2 + 60
MEAN_REACH = 0.375
"""Of the way through a stage, where rollouts that grow during its first half have their mean length."""
PATIENCE = 5
"""A stage that ends by convergence begins to cool when so many validations in a row were no better than the best before them."""
BETTER = 0.99
"""An error counts as better below this share of the best."""
COOLING_SHARE, COOLING_LEAST = 0.25, 200
"""Its learning rates then fall to zero over this share of the steps that it has had, and over so many at least."""


@dataclass
class StageRecord:
    """How far one stage has come: steps so far and in all (0 while unknown), seconds, and what decides whether it has converged."""

    step: int = 0
    total: int = 0
    seconds: float = 0.0
    best: float | None = None
    misses: int = 0
    cooled_from: int | None = None


class Course:
    """Says at every training step which stage it belongs to, how high learning rates are, and when the run is over.

    Steps of different stages cost different time, so the steps of each stage are timed. An interrupted run takes up `records`.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        budget: float,
        steps: int | None = None,
        save_every: float = SAVE_SECONDS,
        records: Sequence[dict[str, Any]] = (),
        timed: tuple[int, int] = TIMED_STEPS,
    ) -> None:
        """`budget` is in seconds for all stages together; with `steps` the run has that many, whatever the time.

        `timed` are the steps of a stage from which and up to which its pace is measured.
        """
        self._stages, self._budget, self._steps, self._save_every = tuple(stages), budget, steps, save_every
        self._timed = timed
        self.records = [StageRecord(**record) for record in records] or [StageRecord()]
        self._pace = self._begin()

    def _begin(self) -> Pace:
        """The clock of the latest stage, from where it is."""
        stage, record, before = self.stage, self.records[-1], self.records[:-1]
        share = stage.share / sum(later.share for later in self._stages[len(before) :])
        if self._steps is not None and not record.total:
            record.total = max(1, round((self._steps - sum(r.step for r in before)) * share))
        budget = max(0.0, self._budget - sum(r.seconds for r in before)) * share
        return Pace(budget, seconds=record.seconds, total=record.total, timed=self._timed, save_every=self._save_every)

    @property
    def stage(self) -> Stage:
        """The present stage."""
        return self._stages[len(self.records) - 1]

    @property
    def step(self) -> int:
        """Steps of all stages so far."""
        return sum(record.step for record in self.records)

    @property
    def seconds(self) -> float:
        """How long all stages have lasted, s."""
        return sum(record.seconds for record in self.records)

    @property
    def progress(self) -> float:
        """How far through its stage the present step is, from 0 to 1."""
        record = self.records[-1]
        return min(1.0, record.step / record.total) if record.total else 0.0

    @property
    def reach(self) -> float:
        """The progress by which the length of rollouts goes.

        Long rollouts cost more. So the steps whose pace is measured have the length whose cost is about the mean of the stage.
        """
        record = self.records[-1]
        return MEAN_REACH if not record.total and record.step >= self._timed[0] else self.progress

    @property
    def share(self) -> float:
        """How far through the whole run the present step is, from 0 to 1."""
        shares, done = [stage.share for stage in self._stages], len(self.records) - 1
        return (sum(shares[:done]) + shares[done] * self.progress) / sum(shares)

    @property
    def rate(self) -> float:
        """By what learning rates are multiplied: the stage's own rate, warmed up, falling along a cosine to zero."""
        record = self.records[-1]
        warm = min(1.0, (record.step + 1) / WARM_UP_STEPS)
        gone = self.progress if self.stage.until == "share" else self._cooled()
        return self.stage.rate * warm * 0.5 * (1 + math.cos(math.pi * gone))

    def is_over(self) -> bool:
        """Whether the run is at its end; moves on to the next stage where one is. To be asked before each step."""
        while self._stage_is_over():
            if len(self.records) == len(self._stages):
                return True
            self.records.append(StageRecord())
            self._pace = self._begin()
        return False

    def _stage_is_over(self) -> bool:
        record = self.records[-1]
        over = self._pace.is_over(record.step)
        record.total = self._pace.total
        late = bool(record.total) and record.step >= record.total - _cooling(
            record.total
        )  # time enough to cool down, no more
        if late and self.stage.until == "convergence" and record.cooled_from is None:
            record.cooled_from = record.step
        return over or self._cooled() >= 1

    def _cooled(self) -> float:
        """How far the stage has cooled, from 0 to 1; 0 as long as it does not."""
        record = self.records[-1]
        if record.cooled_from is None:
            return 0.0
        return min(1.0, (record.step - record.cooled_from) / _cooling(record.cooled_from))

    def stepped(self) -> None:
        """Count one training step."""
        record = self.records[-1]
        record.step += 1
        record.seconds = self._pace.seconds

    def validated(self, error: float) -> None:
        """Take note of an error on held-out motion, by which a stage may end."""
        record = self.records[-1]
        if record.best is None or error < BETTER * record.best:
            record.best, record.misses = error, 0
        else:
            record.misses += 1
        if self.stage.until == "convergence" and record.misses >= PATIENCE and record.cooled_from is None:
            record.cooled_from = record.step

    def due_to_save(self) -> bool:
        """Whether it is time to save."""
        return self._pace.due_to_save()

    def begun(self, alike: Sequence[bool]) -> int:
        """The step at which the present run of stages began that are `alike`, as it says for every stage."""
        here = len(self.records) - 1
        first = here
        while first and alike[first - 1] == alike[here]:
            first -= 1
        return sum(record.step for record in self.records[:first])

    def noted(self) -> list[dict[str, Any]]:
        """What `records` takes up, as plain data."""
        return [asdict(record) for record in self.records]


def _cooling(steps: int) -> int:
    """Over how many steps a stage cools that has had so many."""
    return max(COOLING_LEAST, round(COOLING_SHARE * steps))
