"""Checks of weights from a file: they have the shapes that the file's card implies, and are finite and of sane size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from mosim_gym.mechanics.schema import LARGEST
from mosim_gym.mechanics.storage import FileFault

Shapes = Mapping[str, tuple[int, ...]]
SMALLEST = 1e-12
"""The smallest deviation: a number divided by a smaller one could be infinite."""


def check_weights(
    path: Path, arrays: Mapping[str, np.ndarray], shapes: Shapes, *, deviations: Collection[str] = ()
) -> None:
    """Raise `FileFault` unless `arrays` have exactly these names and `shapes`, and hold sane numbers, positive in `deviations`."""
    found = {name: array.shape for name, array in arrays.items()}
    if found != shapes:
        odd = sorted(set(shapes.items()) ^ set(found.items()))[0][0]
        raise FileFault(f"{path} is damaged: its weight {odd!r} does not fit its own card.")
    for name, array in arrays.items():
        if array.dtype not in (np.dtype(np.float16), np.dtype(np.float32)):
            raise FileFault(f"{path} is damaged: its weight {name!r} holds {array.dtype}, not float16 or float32.")
        largest = float(np.abs(array).max(initial=0))
        if not np.isfinite(largest):
            raise FileFault(f"{path} is damaged: it holds weights that are not finite, in {name!r}.")
        if largest > LARGEST:
            raise FileFault(f"{path} is damaged: its weight {name!r} holds {largest:g}, beyond {LARGEST:g}.")
        if name in deviations and array.min(initial=1) < SMALLEST:
            raise FileFault(
                f"{path} is damaged: its deviation {name!r} holds {array.min():g}; all of them must be positive."
            )
