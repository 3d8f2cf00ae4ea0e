"""The motion on which world models are compared: the same for all of them, simulated once and kept."""

from __future__ import annotations

from pathlib import Path

from mosim_gym.data.collection import recipe_for
from mosim_gym.data.dataset import Dataset, collect_dataset

RECIPE = "uniform"


def equal_motion(robot: str, transitions: int, shared: Path, recipe: str = RECIPE) -> Dataset:
    """At least so many control steps of `robot` by `recipe`, in a folder of their own in `shared`.

    By default they begin at the task's starts, under uniform actions.
    """
    segments = -(-transitions // recipe_for(robot, recipe).steps)
    return collect_dataset(robot, shared / f"{robot}-{recipe}-{segments}", segments=segments, recipe=recipe)
