"""Networks compiled for training, where there is a compiler to do it with: fewer passes over memory."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

WORTHWHILE = 600.0  # s of training from which compiling, which takes some ten seconds, is worth it


def can_compile(device: torch.device | str) -> bool:
    """Whether torch finds what it compiles with: Triton on a GPU, else the compiler `$CXX` or `g++`."""
    return torch.device(device).type == "cuda" or shutil.which(os.environ.get("CXX", "g++")) is not None


def compiled(function: Callable[..., Tensor], *example: Any) -> Callable[..., Tensor]:
    """`function` compiled and tried on `example`; as it was, with a warning, where compiling fails."""
    faster = torch.compile(function)
    try:
        faster(*example).sum().backward()
    except (RuntimeError, OSError) as error:  # a compiler without headers, a full disk, an unknown processor
        reason = str(error).strip().splitlines() or [type(error).__name__]
        warnings.warn(f"The networks are trained uncompiled, because compiling them failed: {reason[0]}", stacklevel=2)
        return function
    return faster
