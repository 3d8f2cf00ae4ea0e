"""Weights from a file are refused where a number among them can mean nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mosim_gym.mechanics.storage import FileFault
from mosim_gym.mechanics.weights import check_weights

SHAPES = {"std": (3,), "w": (2, 3)}


def _arrays(name: str, value: float, kind: type = np.float32) -> dict[str, np.ndarray]:
    arrays = {key: np.ones(shape, np.float32) for key, shape in SHAPES.items()}
    arrays[name] = arrays[name].astype(kind)
    arrays[name].flat[1] = value
    return arrays


def test_sane_numbers_of_either_precision_pass() -> None:
    for kind in (np.float16, np.float32):
        check_weights(Path("x"), _arrays("w", -60_000, kind), SHAPES, deviations=("std",))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("w", np.nan, "weights that are not finite, in 'w'"),
        ("w", -np.inf, "weights that are not finite, in 'w'"),
        ("w", 3e38, r"weight 'w' holds 3e\+38, beyond 1e\+12"),
        ("std", 0.0, "deviation 'std' holds 0; all of them must be positive"),
        ("std", -1.0, "deviation 'std' holds -1"),
        ("std", 1e-20, "deviation 'std' holds 1e-20"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(name: str, value: float, sentence: str) -> None:
    with pytest.raises(FileFault, match=sentence):
        check_weights(Path("x"), _arrays(name, value), SHAPES, deviations=("std",))


def test_other_shapes_names_and_kinds_are_refused() -> None:
    arrays = _arrays("w", 1)
    for other in ({"w": arrays["w"]}, {**arrays, "v": arrays["w"]}, {**arrays, "w": arrays["w"].T}):
        with pytest.raises(FileFault, match="does not fit its own card"):
            check_weights(Path("x"), other, SHAPES)
    with pytest.raises(FileFault, match="'w' holds uint8, not float16 or float32"):
        check_weights(Path("x"), _arrays("w", 1, np.uint8), SHAPES)
