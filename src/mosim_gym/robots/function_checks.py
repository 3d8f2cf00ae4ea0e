"""Checks of what a user's functions return, each fault in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

ALIKE = 1e-4
"""Rows that differ relatively by more than this, alone and among others, depend on the others."""
_SHAPES = {
    "reward": "(B,), one number for each state",
    "terminated": "(B,) of torch.bool, one for each state",
    "observation": "(B, n), one row for each state",
}


def check_one(name: str, found: object, rows: int) -> None:
    """Raise unless the function called `name` returned for `rows` states what it should: a tensor, of the right shape, finite."""
    for part, value in _parts(name, found).items():
        tensor = _tensor(part, value, _SHAPES[name])
        wrong = tensor.shape[:1] != (rows,) or (
            tensor.ndim not in (1, 2) if name == "observation" else tensor.ndim != 1
        )
        if wrong or (name == "observation" and tensor.ndim == 1 and not isinstance(found, Mapping)):
            raise ValueError(
                f"{part} returned shape {tuple(tensor.shape)} for {rows} states; it must be {_SHAPES[name]}."
            )
        if name == "terminated" and tensor.dtype != torch.bool:
            raise TypeError(f"terminated returned {tensor.dtype}; it must be {_SHAPES[name]}.")
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{part} is not finite in a state in which episodes begin: {tensor.tolist()}.")


def check_rows(name: str, together: object, alone: object) -> None:
    """Raise if the first row of what the function returned for several states differs from what it returned for the first state alone."""
    for (part, value), single in zip(_parts(name, together).items(), _parts(name, alone).values(), strict=True):
        one = _tensor(part, single, _SHAPES[name])
        row = _tensor(part, value, _SHAPES[name])[:1]
        if one.shape != row.shape or not torch.allclose(one.double(), row.double(), rtol=ALIKE, atol=ALIKE):
            raise ValueError(
                f"{part} says something else of a state alone than of the same state among others; a row must depend on its own state "
                "only, and on no chance (take sums and means over the last axis: dim=-1)."
            )


def check_torch(name: str, call: Callable[[Tensor], object], qpos: Tensor) -> None:
    """Raise if what `call` makes of positions leaves torch on the way, so that no gradient could come back."""
    try:
        call(qpos.detach().clone().requires_grad_())
    except RuntimeError as error:
        if "numpy()" not in str(error):
            raise
        raise TypeError(f"{name} calls numpy; with gradients it must use torch alone.") from error


def checked_observation(found: Tensor | Mapping[str, Tensor], like: Tensor) -> dict[str, Tensor]:
    """An observation by names, in the dtype of `like`."""
    parts = dict(found) if isinstance(found, Mapping) else {"observation": found}
    return {name: part if part.dtype == like.dtype else part.to(like.dtype) for name, part in parts.items()}


def checked_goals(found: object, rows: int) -> Tensor:
    """The goals `(rows, k)` that a function drew, float64."""
    tensor = _tensor("goal", found, "(n, k), one row for each episode")
    if tensor.ndim != 2 or len(tensor) != rows:
        raise ValueError(
            f"goal returned shape {tuple(tensor.shape)} for {rows} episodes; it must be (n, k), here ({rows}, k)."
        )
    return tensor.double()


def _parts(name: str, found: object) -> Mapping[str, object]:
    """The parts of an observation with names, or the only thing that was returned."""
    if name == "observation" and isinstance(found, Mapping):
        if not found:
            raise ValueError("observation returned no parts; it must return at least one.")
        return {f"observation[{key!r}]": value for key, value in found.items()}
    return {name: found}


def _tensor(name: str, value: object, shape: str) -> Tensor:
    if isinstance(value, np.ndarray):
        raise TypeError(f"{name} returned a numpy array; it gets torch tensors and must return one of shape {shape}.")
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} returned a {type(value).__name__}; it must return a torch tensor of shape {shape}.")
    return value
