"""Random initial weights from a seed, without a change to the program's own random numbers."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from mosim_gym.mechanics.typed_torch import fork_rng, manual_seed


@contextmanager
def initialised_by(seed: int) -> Generator[None]:
    """Within this context, new networks take their weights from `seed`. Afterwards torch's global generator is as it was before."""
    with fork_rng(devices=[]):
        manual_seed(seed)
        yield
