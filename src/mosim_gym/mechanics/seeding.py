"""Random initial weights from a seed, without a change to the program's own random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def initialised_by(seed: int) -> Iterator[None]:
    """Within this context, new networks take their weights from `seed`. Afterwards torch's global generator is as it was before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
