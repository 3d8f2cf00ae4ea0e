"""`StartGenerators`: the random numbers that starts of episodes are drawn with, one generator for all environments or one for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral

import numpy as np
from torch import Generator, Tensor

from mosim_gym.mechanics.typed_torch import whole_numbers


class StartGenerators:
    """Generators of `count` environments, which are seeded as `reset(seed=…)` says."""

    def __init__(self, count: int) -> None:
        """Not seeded yet."""
        self._count = count
        self.common = Generator()
        self.each: list[Generator] | None = None
        """One generator for each environment, after a reset with one seed for each."""
        self._seeded = False

    def seed(self, seed: int | Sequence[int] | None) -> None:
        """One number for all, one for each, or None to go on; without a first seed the generator begins anywhere."""
        if isinstance(seed, str):
            raise TypeError(f"seed is {seed!r}; it must be a whole number, or one for each environment.")
        if isinstance(seed, Sequence | np.ndarray):
            if len(seed) != self._count:
                raise ValueError(f"{len(seed)} seeds for {self._count} environments: give one for each, or one number.")
            self.each = [Generator().manual_seed(generator_seed(s)) for s in seed]
            self.common.manual_seed(generator_seed(seed[0]))
        elif seed is not None:
            self.each = None
            self.common.manual_seed(generator_seed(seed))
        elif not self._seeded:
            self.common.seed()
        self._seeded = True

    def of(self, rows: Tensor) -> Iterator[tuple[Generator, slice]]:
        """The generators that starts of the environments `rows (n,)` are drawn with, and which of the n each one serves."""
        if self.each is None:
            yield self.common, slice(0, len(rows))
            return
        for place, row in enumerate(whole_numbers(rows)):
            yield self.each[row], slice(place, place + 1)

    def keep(self) -> None:
        """Let a reset without a seed go on from where the generator is."""
        self._seeded = True

    def state(self) -> Tensor:
        """The state of the common generator."""
        return self.common.get_state()

    def restore(self, state: Tensor) -> None:
        """Inverse of `state`."""
        self.common.set_state(state)
        self.each, self._seeded = None, True


def generator_seed(seed: int) -> int:
    """What an environment's own generator is seeded with, for a `seed` as users give it."""
    if not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; it must be a whole number, at least 0.")
    return int(np.random.default_rng(np.random.SeedSequence(seed)).integers(2**62))
