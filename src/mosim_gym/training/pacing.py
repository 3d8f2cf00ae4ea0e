"""`Pace`: how many steps of training fit into a budget of time, and when the state of the training is due to be saved."""

from __future__ import annotations

import time

SAVE_SECONDS = 60.0


class Pace:
    """The clock of a training loop.

    The first steps are slow and are not timed. The following ones are; then the number of steps that fit into the budget is fixed, once and
    for all, so that a training that is interrupted ends after as many steps as one that is not.
    """

    def __init__(
        self, budget: float, *, seconds: float, total: int, timed: tuple[int, int], save_every: float = SAVE_SECONDS
    ) -> None:
        """`seconds` have passed already, in earlier parts of the training. `total` is the number of steps if it is known, else 0.

        `timed` are the steps from which and up to which the pace is measured.
        """
        self._budget, self._timed, self._save_every = budget, timed, save_every
        self.total = total
        """Steps in all; 0 as long as that is not known."""
        now = time.monotonic()
        self._begun, self._saved, self._from = now - seconds, now, now

    @property
    def seconds(self) -> float:
        """How long the training has lasted, s."""
        return time.monotonic() - self._begun

    def is_over(self, step: int) -> bool:
        """Whether `step` steps are all; to be asked before each step."""
        first, last = self._timed
        if step == first:
            self._from = time.monotonic()
        if step == last and not self.total:
            pace = (time.monotonic() - self._from) / (last - first)
            self.total = step + max(1, int((self._budget - self.seconds) / pace))
        if (
            step >= first and not self.total and self.seconds > self._budget
        ):  # the time is over before it could be divided
            self.total = step
        return bool(self.total) and step >= self.total

    def due_to_save(self) -> bool:
        """Whether it is time to save; true once every `save_every` seconds."""
        due = time.monotonic() - self._saved > self._save_every
        if due:
            self._saved = time.monotonic()
        return due
