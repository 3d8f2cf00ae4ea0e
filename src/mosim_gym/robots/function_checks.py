"""Checks of what a user's functions return, each fault in one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence

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


def check_arguments(name: str, call: object, arguments: Sequence[str]) -> None:
    """Raise `TypeError` unless `call` is a function that can be called with so many arguments in order."""
    said = f"({', '.join(arguments)})"
    if not callable(call):
        raise TypeError(f"{name} is of {type(call).__name__}; it must be a function of {said}.")
    try:
        signature = inspect.signature(call)
    except ValueError:  # some functions in C do not say
        return
    try:
        signature.bind(*arguments)
    except TypeError:
        raise TypeError(f"{name} takes {signature}; it is called as {name}{said}.") from None


def check_one(name: str, found: object, rows: int) -> None:
    """Raise unless the function called `name` returned for `rows` states what it should: a tensor of the right shape."""
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


def check_finite(name: str, found: object) -> None:
    """Raise if what the function returned for starts of episodes holds numbers that are not finite."""
    for part, value in _parts(name, found).items():
        tensor = _tensor(part, value, _SHAPES[name])
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{part} is not finite in a state in which episodes begin: {tensor.tolist()}.")


def check_rows(name: str, together: object, trials: Sequence[tuple[Tensor, object]]) -> None:
    """Raise if the function returned something else for some `rows` of several states than for all of them together.

    `trials` are pairs of rows and of what it returned for them. What is not finite is as good as anything else that is not.
    """
    for rows, some in trials:
        check_one(name, some, len(rows))
        parts, others = _parts(name, together), _parts(name, some)
        for part, value in parts.items():
            whole, found = (_tensor(part, given, _SHAPES[name]).double() for given in (value, others.get(part)))
            near = ALIKE * max(1.0, float(torch.where(whole.isfinite(), whole, 0.0).abs().max()))
            wanted = whole[rows]
            if found.shape != wanted.shape or not torch.allclose(found, wanted, rtol=ALIKE, atol=near, equal_nan=True):
                raise ValueError(
                    f"{part} returns something else for a state alone than for the same state among others; a row must depend on its own "
                    "state and action only, and on no chance (take sums and means over the last axis: dim=-1)."
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
