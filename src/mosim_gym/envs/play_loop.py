"""`PlayLoop`: a model beside the truth in real time, moved by hand or by a policy. It knows nothing of the page that shows it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from mosim_gym.envs.beside_truth import BesideTruth, Standing
from mosim_gym.mechanics.numbers import check_at_least

Array = np.ndarray
REMEMBERED = 10.0
"""Seconds of errors that are kept."""
LONGEST = 0.2
"""Seconds of one `advance`, at most: a machine that is too slow shows slow motion and does not fall behind."""


class PlayLoop:
    """Plays `pair`, by `policy` or, without one, by hand. `advance` is called again and again with the time that has gone by.

    The loop is for one thread. Attributes are set between two calls of `advance`.
    """

    def __init__(self, pair: BesideTruth, policy: Any = None, *, rejoin_every: float = 1.0, seed: int = 0) -> None:
        """The first episode begins, from `seed`. `policy` has SB3's `predict`."""
        check_at_least(0, rejoin_every=rejoin_every)
        self.pair, self.policy = pair, policy
        self.by_hand = policy is None
        """Whether `action` moves the robot, and not the policy."""
        low, high = (np.asarray(side, np.float32) for side in pair.robot.control_range)
        self.low, self.high = np.where(np.isfinite(low), low, -1), np.where(np.isfinite(high), high, 1)
        """The range of `action`, each `(nu,)`: that of the actuators, ±1 for those without limits."""
        self.action: Array = ((self.low + self.high) / 2).astype(np.float32)
        """`(nu,)`, by hand"""
        self.paused = False
        self.speed = 1.0
        """Seconds of the robot in a second of the clock."""
        self.rejoin_every = rejoin_every
        """Seconds after which the truth begins again in the model's state; 0 for never."""
        self.ended: str | None = None
        """Why the last episode ended, if it did not by `reset`."""
        kept = round(REMEMBERED / pair.robot.control_step)
        self.times: deque[float] = deque(maxlen=kept)
        """s, since the first episode began"""
        self.errors: deque[float] = deque(maxlen=kept)
        """m, at these times"""
        self._due = 0.0  # s that are still to be played
        self._steps = self._apart = 0  # control steps, in all and since both were in the same state
        self.now: Standing = self._begin(seed)
        """Where both are."""

    def advance(self, seconds: float) -> int:
        """Move on by `seconds` of the clock. Returns the number of control steps that were made."""
        if self.paused:
            return 0
        self._due += self.speed * min(seconds, LONGEST)
        step, made = self.pair.robot.control_step, 0
        while self._due >= step:
            self._due -= step
            self.step()
            made += 1
        return made

    def step(self) -> None:
        """One control step. After an episode's end the next one begins."""
        self.now = self.pair.step(self.action if self.by_hand else self._decided())
        step = self.pair.robot.control_step
        self._steps += 1
        self._apart += 1
        self.times.append(self._steps * step)
        self.errors.append(self.now.error)
        if self.now.end is not None:
            reason = self.now.end
            self._begin()
            self.ended = reason
        elif self.rejoin_every and self._apart >= self.rejoin_every / step - 0.5:
            self.rejoin()

    def reset(self) -> None:
        """Begin a new episode."""
        self._begin()

    def rejoin(self) -> None:
        """Put the truth into the model's state."""
        self.now, self._apart = self.pair.rejoin(), 0

    def shove(self, body: str, velocity: Any) -> None:
        """Push `body` in the model and in truth, as `BesideTruth.shove` does."""
        self.now = self.pair.shove(body, velocity)

    def _begin(self, seed: int | None = None) -> Standing:
        forget: Callable[[], None] | None = getattr(self.policy, "reset", None)
        if forget is not None:
            forget()
        self.now, self._apart, self.ended = self.pair.reset(seed), 0, None
        return self.now

    def _decided(self) -> Array:
        return self.policy.predict(self.pair.observation, deterministic=True)[0]
