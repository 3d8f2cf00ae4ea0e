"""In what a learner's networks are multiplied: float32 throughout, or float32 whose products are made of bfloat16 factors."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from mosim_gym.mechanics.names import UnknownName

PRECISIONS = {"float32": "highest", "bfloat16": "medium"}
"""By torch's names. With bfloat16 factors sums, results and weights stay float32; an update takes two thirds of the time."""


@contextmanager
def matmul_precision(kind: str) -> Generator[None]:
    """While it lasts, float32 matrix products of the whole process are made as `kind` says."""
    if kind not in PRECISIONS:
        raise UnknownName("matmul_precision", kind, list(PRECISIONS))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(PRECISIONS[kind])
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
