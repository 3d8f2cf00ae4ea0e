"""`TorchStep`: the result of a step of many environments, the reasons why episodes were cut short, and the choices of what follows."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from mosim_gym.envs.bounds import DIVERGED, OUTSIDE
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.renamed import unknown_choice

NO_END, END_DIVERGED, END_OUTSIDE, END_TIME, END_PENALTY = range(5)
Autoreset = Literal["next_step", "same_step", "disabled"]
"""When environments are reset after an episode's end."""
OUTSIDE_MODEL = ("truncate", "terminate", "continue")
"""The choices of what happens where a state leaves the model's training box."""
END_REASONS = (None, DIVERGED, OUTSIDE, "time limit", "a penalty's limit")
"""The reasons for the numbers in `TorchStep.end`."""


def check_modes(autoreset: str, outside_model: str) -> None:
    """Raise `UnknownName` for an unknown autoreset mode or an unknown `outside_model`."""
    if autoreset not in get_args(Autoreset):
        raise UnknownName("autoreset mode", autoreset, get_args(Autoreset))
    if outside_model not in OUTSIDE_MODEL:
        raise unknown_choice("outside_model", outside_model, OUTSIDE_MODEL)


class TorchStep(NamedTuple):
    """One step of B environments.

    `observation (B, n)` is the observation for the next action. If an episode ended and was reset in the same step, `final` holds the
    observations before the reset, for all rows; else it is None. `end (B,)` has the reasons why episodes were cut short, as indices of
    `END_REASONS`.
    """

    observation: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    end: Tensor
    final: Tensor | None


def reason_of(late: Tensor, inside: Tensor | None, cut: Tensor | None, finite: Tensor) -> Tensor:
    """The reasons why episodes are cut short, as indices of `END_REASONS`, `(B,)`. Of several reasons the gravest counts.

    `late`: the time is over. `inside`: the state is in the training box. `cut`: a penalty cuts the episode. `finite`: the state is finite.
    """
    end = torch.where(late.to(finite.device), END_TIME, NO_END)
    if inside is not None:
        end = torch.where(inside, end, END_OUTSIDE)
    if cut is not None:
        end = torch.where(cut, END_PENALTY, end)
    return torch.where(finite, end, END_DIVERGED)


def judged(end: Tensor, terminated: Tensor, *, terminates_outside: bool) -> tuple[Tensor, Tensor]:
    """Whether episodes are terminated, and whether they are truncated, each `(B,)`, from the task's own `terminated (B,)`.

    With `terminates_outside` only time truncates. An episode that leaves the model is then terminated.
    """
    if not terminates_outside:
        return terminated, end != NO_END
    left = (end != NO_END) & (end != END_TIME)
    return terminated | left, end == END_TIME
