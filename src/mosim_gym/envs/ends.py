"""`TorchStep`: what a step of many environments gives, why episodes were cut short, and what happens then."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from mosim_gym.envs.bounds import DIVERGED, OUTSIDE
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.renamed import unknown_choice

NO_END, END_DIVERGED, END_OUTSIDE, END_TIME, END_PENALTY = range(5)
Autoreset = Literal["next_step", "same_step", "disabled"]
"""When environments begin anew after an episode's end."""
OUTSIDE_MODEL = ("truncate", "terminate", "continue")
"""What may happen where a state leaves the model's training box."""
END_REASONS = (None, DIVERGED, OUTSIDE, "time limit", "a penalty's limit")
"""What the numbers in `TorchStep.end` say."""


def check_modes(autoreset: str, outside_model: str) -> None:
    """Raise, in one sentence, for a way to begin anew or to leave the model that there is not."""
    if autoreset not in get_args(Autoreset):
        raise UnknownName("autoreset mode", autoreset, get_args(Autoreset))
    if outside_model not in OUTSIDE_MODEL:
        raise unknown_choice("outside_model", outside_model, OUTSIDE_MODEL)


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


def reason_of(late: Tensor, inside: Tensor | None, cut: Tensor | None, finite: Tensor) -> Tensor:
    """`(B,)`: why episodes are cut short, as an index of `END_REASONS`; the gravest reason counts.

    `late` says whose time is over, `inside` who is inside the training box, `cut` whom a penalty cuts, `finite` whose state is finite.
    """
    end = torch.where(late.to(finite.device), END_TIME, NO_END)
    if inside is not None:
        end = torch.where(inside, end, END_OUTSIDE)
    if cut is not None:
        end = torch.where(cut, END_PENALTY, end)
    return torch.where(finite, end, END_DIVERGED)


def judged(end: Tensor, terminated: Tensor, *, terminates_outside: bool) -> tuple[Tensor, Tensor]:
    """`(B,)`, `(B,)`: where episodes are terminated, and where they are truncated, for the task's own `terminated (B,)`.

    With `terminates_outside` only time truncates: whoever leaves the model is terminated.
    """
    if not terminates_outside:
        return terminated, end != NO_END
    left = (end != NO_END) & (end != END_TIME)
    return terminated | left, end == END_TIME
