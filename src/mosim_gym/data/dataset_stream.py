"""`DatasetStream`: a dataset in the place of a stream of fresh simulations."""

from __future__ import annotations

import numpy as np

from mosim_gym.data.dataset import Dataset
from mosim_gym.data.stream import Transitions, transitions

VALIDATION_SHARE = 0.05


class DatasetStream:
    """Chunks of a dataset's transitions, in place of freshly simulated ones. Chunk c holds segments drawn by seed and c alone.

    The last twentieth of the segments is kept for validation.
    """

    def __init__(self, dataset: Dataset, *, seed: int, segments: int, first: int = 0) -> None:
        """Each chunk has `segments` segments, or all if there are fewer."""
        self._dataset, self._seed, self._next = dataset, seed, first
        self._available = max(1, int(len(dataset) * (1 - VALIDATION_SHARE)))
        self._segments = min(segments, self._available)

    def __next__(self) -> Transitions:
        """The next chunk."""
        rng = np.random.default_rng([self._seed, self._next])
        self._next += 1
        rows = np.sort(rng.choice(self._available, self._segments, replace=False))
        return transitions(self._dataset.robot, self._dataset[rows])

    def validation(self) -> Transitions:
        """The segments that no chunk has."""
        start = min(self._available, len(self._dataset) - 1)
        return transitions(self._dataset.robot, self._dataset[start:])

    def close(self) -> None:
        """Do nothing, because no process is running."""
