"""The commands before the present one, for dynamics with memory: `(B, memory, nu)`, the oldest first, NaN where there was none yet."""

from __future__ import annotations

import torch
from torch import Tensor


def no_commands(rows: int, memory: int, nu: int, like: Tensor) -> Tensor:
    """What `rows` states without any command yet have before them, in the dtype and on the device of `like`."""
    return like.new_full((rows, memory, nu), torch.nan)


def commands_before(previous: Tensor, action: Tensor) -> Tensor:
    """`previous`, with `action (B, nu)` in place of commands that were never given."""
    return torch.where(previous.isnan(), action[:, None], previous)


def commands_after(previous: Tensor, action: Tensor) -> Tensor:
    """What the next step has before it, after `action (B, nu)` with `previous` before it."""
    return torch.cat((previous, action[:, None]), dim=1)[:, 1:]
