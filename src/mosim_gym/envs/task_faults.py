"""Faults that show in a step: an action, a reward or an observation that is not finite, told from a state that has diverged."""

from __future__ import annotations

import torch
from torch import Tensor

from mosim_gym.envs.options import FAR
from mosim_gym.envs.recorded import Outcome


def check_actions(action: Tensor, waiting: Tensor | None = None) -> None:
    """Raise `ValueError` where an action is not finite. Rows `waiting (B,)` for a reset do not count."""
    odd = ~action.isfinite().all(-1)
    if waiting is not None:
        odd &= ~waiting.to(odd.device)
    rows = odd.nonzero()[:, 0]
    if len(rows):
        row = int(rows[0])
        where = f" of environment {row}" if len(action) > 1 else ""
        raise ValueError(f"The action{where}, {_said(action[row])}, holds numbers that are not finite.")


def check_task(moved: Outcome, action: Tensor, waiting: Tensor | None = None) -> None:
    """Raise `FloatingPointError` where a state is finite, but its reward or its observation is not. Rows `waiting (B,)` do not count."""
    after = moved.state
    known = (torch.cat((after.qpos, after.qvel, after.sensors), dim=-1).abs() < FAR).all(-1) & action.isfinite().all(-1)
    if waiting is not None:
        known &= ~waiting.to(known.device)
    rows = (known & ~moved.finite).nonzero()[:, 0]
    if not len(rows):
        return
    row = int(rows[0])
    reward = float(moved.reward[row])
    fault = (
        f"reward is {reward}" if not moved.reward[row].isfinite() else "observation holds numbers that are not finite"
    )
    where = f" in environment {row}" if len(moved.finite) > 1 else ""
    state = f"qpos {_said(after.qpos[row])}, qvel {_said(after.qvel[row])}"
    raise FloatingPointError(
        f"The {fault}{where}, at {state} after the action {_said(action[row])}; it must be finite in every state that the robot may reach."
    )


def _said(numbers: Tensor) -> str:
    return "[" + ", ".join(f"{number:.4g}" for number in numbers.detach().cpu().double().numpy()) + "]"
