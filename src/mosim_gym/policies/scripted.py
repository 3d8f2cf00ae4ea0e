"""Scripted policies, in which nothing is learned. They show the return of a task for a little skill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mosim_gym.policies.controllers import (
    AcrobotController,
    CartpoleController,
    PendulumController,
    ReacherController,
)
from mosim_gym.robots import find_task, load_task

if TYPE_CHECKING:
    from mosim_gym.policies.playing import Policy

Array = np.ndarray


class RandomPolicy:
    """Uniform controls between `low (nu,)` and `high (nu,)`, drawn from `seed`, each held for `hold` steps."""

    def __init__(self, low: Array, high: Array, seed: int, hold: int = 1) -> None:
        """`hold` is at least 1."""
        if hold < 1:
            raise ValueError(f"hold is {hold}; it must be at least 1.")
        self._low, self._high = np.asarray(low, np.float32), np.asarray(high, np.float32)
        self._hold = hold
        self._generator = np.random.default_rng(seed)
        self.reset()

    def reset(self) -> None:
        """Begin an episode with a fresh control."""
        self._steps, self._action = 0, self._low

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Array, None]:
        """The control `(nu,)`, whatever the observation."""
        if self._steps % self._hold == 0:
            self._action = self._generator.uniform(self._low, self._high).astype(np.float32)
        self._steps += 1
        return self._action.copy(), None


class SinusoidPolicy:
    """`offset + amplitude sin(2π frequency t + phase)` for each motor, clipped to ±1, with t since the last `reset()`.

    Amplitudes and offsets are shares of the control's range. Phases are in rad, the frequency in Hz, and `control_step`, the duration
    of a step, in s.
    """

    def __init__(
        self,
        amplitudes: Sequence[float],
        phases: Sequence[float],
        frequency: float,
        offset: Sequence[float] | float,
        control_step: float,
    ) -> None:
        """All sequences have one number for each motor."""
        self._amplitudes, self._phases = np.asarray(amplitudes, float), np.asarray(phases, float)
        if self._amplitudes.shape != self._phases.shape or self._amplitudes.ndim != 1:
            raise ValueError(f"{len(amplitudes)} amplitudes and {len(phases)} phases: each motor needs one of both.")
        self._offset = np.broadcast_to(np.asarray(offset, float), self._amplitudes.shape)
        self._turn = 2 * np.pi * frequency * control_step  # rad for each step
        self.reset()

    def reset(self) -> None:
        """Begin an episode at t = 0."""
        self._steps = 0

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Array, None]:
        """The control `(nu,)` at the present time, whatever the observation."""
        wave = self._offset + self._amplitudes * np.sin(self._turn * self._steps + self._phases)
        self._steps += 1
        return wave.clip(-1, 1).astype(np.float32), None


def cheetah_gait() -> SinusoidPolicy:
    """A bounding gait, found by `benchmarks/scripted_gait.py`, whose result file holds the same numbers."""
    return SinusoidPolicy(
        amplitudes=(2.601, 0.195, 0.86, 0.284, 1.483, 4.217),
        phases=(-2.506, 2.644, -2.818, 1.954, 0.927, 1.39),
        frequency=4.359,
        offset=(0.026, 0.437, -0.715, -0.117, 0.276, 0.05),
        control_step=load_task("CheetahRun").robot.control_step,
    )


SCRIPTED: dict[str, Callable[[], Policy]] = {
    "AcrobotSwingup": AcrobotController,
    "AcrobotSwingupSparse": AcrobotController,
    "CartpoleBalance": CartpoleController,
    "CartpoleBalanceSparse": CartpoleController,
    "CartpoleSwingup": CartpoleController,
    "CartpoleSwingupSparse": CartpoleController,
    "CheetahRun": cheetah_gait,
    "PendulumSwingup": PendulumController,
    "ReacherEasy": ReacherController,
    "ReacherHard": ReacherController,
}
"""For each task with a scripted policy, the function that makes it."""


def scripted_policy(task: str, *, seed: int = 0) -> Policy:
    """The scripted policy of `task`. Tasks without one get random controls held for five steps."""
    find_task(task)  # an unknown task raises with the valid ones
    if task in SCRIPTED:
        return SCRIPTED[task]()
    low, high = load_task(task).robot.control_range
    return RandomPolicy(low, high, seed, hold=5)
