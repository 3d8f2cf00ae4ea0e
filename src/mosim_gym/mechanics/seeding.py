"""Random initial weights by a seed, which leave the program's own random numbers alone."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from mosim_gym.mechanics.typed_torch import fork_rng, manual_seed


@contextmanager
def initialised_by(seed: int) -> Generator[None]:
    """Networks that are made within take their weights from `seed`; torch's common generator is afterwards as it was."""
    with fork_rng(devices=[]):
        manual_seed(seed)
        yield
