# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""Functions that torch leaves without types, with theirs; they are torch's own, and cost nothing more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
import torch
from torch import Generator, Tensor


class _VectorNorm(Protocol):
    def __call__(self, x: Tensor, /, *, dim: int, keepdim: bool = False) -> Tensor: ...


class _ForkRng(Protocol):
    def __call__(self, devices: list[torch.device]) -> AbstractContextManager[None]: ...


from_numpy: Callable[[np.ndarray], Tensor] = torch.from_numpy
"""The tensor that shares an array's memory."""
vector_norm: _VectorNorm = torch.linalg.vector_norm
"""Length of vectors along `dim`."""
manual_seed: Callable[[int], Generator] = torch.manual_seed
"""Seeds torch's common generators."""
fork_rng: _ForkRng = torch.random.fork_rng
"""While it lasts, random numbers leave the common generator of the CPU, and those of `devices`, as they are."""
