"""Commands in time: those of a rollout with the ones before it in front."""

from __future__ import annotations

import torch
from torch import Tensor

from mosim_gym.mechanics.robot import Robot


def with_commands_before(actions: Tensor, previous: Tensor | None, memory: int) -> Tensor:
    """`(B, memory + T, nu)`: the `memory` commands before, the oldest first, then `actions (B, T, nu)`.

    `previous (B, memory, nu)` are those before. Where they are not known, left out or NaN, they are taken to equal the first of `actions`.
    """
    if not memory:
        return actions
    first = actions[:, :1].expand(-1, memory, -1)
    before = first if previous is None else torch.where(previous.isnan(), first, previous)
    return torch.cat((before, actions), dim=1)


def check_previous(robot: Robot, previous: Tensor | None, memory: int, rows: int) -> None:
    """Raise, in one sentence, unless the commands before are `(rows, memory, nu)` or left out."""
    if previous is not None and previous.shape != (rows, memory, robot.nu):
        raise ValueError(
            f"previous has shape {tuple(previous.shape)}; these dynamics of {robot.name} need ({rows}, {memory}, {robot.nu}), the commands "
            "before the present one, the oldest first."
        )
