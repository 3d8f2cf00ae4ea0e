"""Random initial weights by a seed, which leave the program's own random numbers alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def initialised_by(seed: int) -> Iterator[None]:
    """Networks that are made within take their weights from `seed`; torch's common generator is afterwards as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
