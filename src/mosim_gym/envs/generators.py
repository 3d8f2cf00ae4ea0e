"""`StartGenerators`: the random generators of the starts of episodes, one for all environments or one for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral

import numpy as np
from torch import Generator, Tensor

from mosim_gym.mechanics.typed_torch import whole_numbers


class StartGenerators:
    """Generators of `count` environments, which `reset(seed=…)` seeds."""

    def __init__(self, count: int) -> None:
        """The generators are not seeded yet."""
        self._count = count
        self.common = Generator()
        self.each: list[Generator] | None = None
        """One generator for each environment, after a reset with one seed for each."""
        self._seeded = False

    def seed(self, seed: int | Sequence[int] | None) -> None:
        """Seed by one number for all or one for each. With None the generators continue, or begin at random if they have no seed yet."""
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
        """The generators for the starts of the environments `rows (n,)`, each with the slice of `rows` for which it draws."""
        if self.each is None:
            yield self.common, slice(0, len(rows))
            return
        for place, row in enumerate(whole_numbers(rows)):
            yield self.each[row], slice(place, place + 1)

    def keep(self) -> None:
        """Let a reset without a seed continue with the generator's present state."""
        self._seeded = True

    def state(self) -> Tensor:
        """The state of the common generator."""
        return self.common.get_state()

    def restore(self, state: Tensor) -> None:
        """Inverse of `state`."""
        self.common.set_state(state)
        self.each, self._seeded = None, True


def generator_seed(seed: int) -> int:
    """The seed of an environment's own generator, from the `seed` that a user gives."""
    if not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; it must be a whole number, at least 0.")
    return int(np.random.default_rng(np.random.SeedSequence(seed)).integers(2**62))
