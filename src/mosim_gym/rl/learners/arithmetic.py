"""The precision of products in a learner's networks: float32, or float32 with bfloat16 factors."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from mosim_gym.mechanics.names import UnknownName

PRECISIONS = {"float32": "highest", "bfloat16": "medium"}
"""Torch's names. With bfloat16 factors, sums, results and weights stay float32, and an update takes two thirds of the time."""


@contextmanager
def matmul_precision(kind: str) -> Generator[None]:
    """A context in which float32 matrix products of the whole process have the precision `kind`."""
    if kind not in PRECISIONS:
        raise UnknownName("matmul_precision", kind, list(PRECISIONS))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(PRECISIONS[kind])
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
