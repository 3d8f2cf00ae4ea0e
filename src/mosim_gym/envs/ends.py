"""`TorchStep`: what a step of many environments gives, and why episodes were cut short."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from mosim_gym.envs.bounds import DIVERGED, OUTSIDE

NO_END, END_DIVERGED, END_OUTSIDE, END_TIME, END_PENALTY = range(5)
END_REASONS = (None, DIVERGED, OUTSIDE, "time limit", "a penalty's limit")
"""What the numbers in `TorchStep.end` say."""


class TorchStep(NamedTuple):
    """One step of B environments.

    `observation (B, n)` is what to act on next. Where an episode ended and was reset in the same step, `final` holds the observations
    before that, for all rows; else it is None. `end (B,)` says why episodes were cut short, as an index of `END_REASONS`.
    """

    observation: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    end: Tensor
    final: Tensor | None
