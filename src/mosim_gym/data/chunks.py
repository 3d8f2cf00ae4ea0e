"""Chunks of a collection: each follows from the seed and its number alone, so whoever simulates it gets the same segments."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mosim_gym.data.collection import Collector, Segments, SegmentSource

CHUNK = 1000  # segments simulated at once


@lru_cache(maxsize=1)
def _collector(robot: str, recipe: str, threads: int | None) -> Collector:
    """The collector of this process."""
    return Collector(robot, recipe, threads=threads)


def simulated_chunk(robot: str, recipe: str, seed: int, threads: int | None, chunk: int) -> tuple[Segments, int]:
    """The segments of a chunk, which follow from `seed` and `chunk` alone, and the number of those that were dropped."""
    return drawn_chunk(_collector(robot, recipe, threads), seed, chunk)


def drawn_chunk(collector: SegmentSource, seed: int, chunk: int) -> tuple[Segments, int]:
    """The same from a collector that there is."""
    before = collector.dropped
    fresh = collector.collect(np.random.default_rng([seed, chunk]), CHUNK)
    return fresh, collector.dropped - before
