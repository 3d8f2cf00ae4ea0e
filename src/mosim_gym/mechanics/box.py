"""`Box`: which states a model has seen, as cards say it."""

from __future__ import annotations

from typing import TypedDict


class Box(TypedDict):
    """The lowest numbers in training data, then the highest, `(2, nq)` and `(2, nv)`; None where a coordinate does not matter."""

    qpos: list[list[float | None]]
    qvel: list[list[float | None]]
