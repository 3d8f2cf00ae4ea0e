"""`RecipeMotion`: endless true motion, simulated by a recipe when it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np

from mosim_gym.data.collection import Collector, find_recipe
from mosim_gym.mechanics.motion import Segments


class RecipeMotion:
    """Motion of `robot` by the recipe named `recipe`. The same seed gives the same blocks."""

    def __init__(self, robot: str, recipe: str = "coverage", *, seed: int = 0, segments: int = 1000) -> None:
        """Each block has `segments` segments."""
        find_recipe(recipe)
        self.robot, self.recipe, self.seed, self._segments = robot, recipe, seed, segments

    def blocks(self) -> Iterator[Segments]:
        """An endless sequence of blocks."""
        collector = Collector(self.robot, self.recipe)
        for number in count():
            yield collector.collect(np.random.default_rng([self.seed, number]), self._segments)
