"""Batches of states and controls as users give them: numpy or torch, checked once, and handed back in kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics.devices import as_kind
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.typed_torch import from_numpy


def as_tensors(given: Sequence[Any], device: torch.device, dtype: torch.dtype) -> list[Tensor]:
    """States and controls, all of them torch or none, as tensors of `dtype` on `device`; or one sentence saying why they cannot be."""
    torched = [isinstance(x, Tensor) for x in given]
    if not all(torched):
        if any(torched):
            kinds = ", ".join(type(x).__name__ for x in given)
            raise TypeError(f"States and controls are {kinds}; give all of them as numpy arrays, or all as tensors.")
        given = tuple(np.asarray(x) for x in given)
        if not all(x.dtype.kind in "fiub" for x in given):
            raise TypeError(_not_real(given))
        kind = np.float64 if dtype == torch.float64 else np.float32
        given = tuple(from_numpy(np.array(x, kind, order="C")) for x in given)
    elif any(x.dtype.is_complex for x in given):
        raise TypeError(_not_real(given))
    return [as_kind(x, device, dtype) for x in given]


def check_shapes(robot: Robot, qpos: Tensor, qvel: Tensor, action: Tensor, *, over_time: bool = False) -> None:
    """Raise, in one sentence, unless these are `(B, nq)`, `(B, nv)` and `(B, nu)`, or `(B, T, nu)` where actions are `over_time`."""
    rows = qpos.shape[0] if qpos.ndim else 0
    time = action.shape[1:2] if over_time else ()
    wanted = ((rows, robot.nq), (rows, robot.nv), (rows, *time, robot.nu))
    if (qpos.shape, qvel.shape, action.shape) != wanted or not all(time):
        found = [str(tuple(part.shape)) for part in (qpos, qvel, action)]
        name, steps, more = ("actions", "T, ", ", with at least one step") if over_time else ("action", "", "")
        raise ValueError(
            f"qpos, qvel and {name} have shapes {found[0]}, {found[1]} and {found[2]}; {robot.name} needs "
            f"(B, {robot.nq}), (B, {robot.nv}) and (B, {steps}{robot.nu}){more}."
        )


def as_given(value: Tensor, example: Any) -> Any:
    """`value` as numpy, unless `example` is a tensor."""
    return value if isinstance(example, Tensor) else value.cpu().numpy()


def _not_real(given: Iterable[Any]) -> str:
    return f"States and controls hold {', '.join(str(x.dtype) for x in given)}; they must be real numbers."
