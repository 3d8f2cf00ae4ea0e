"""The motion on which world models are compared: the same for all of them, simulated once and kept."""

from __future__ import annotations

from pathlib import Path

from mosim_gym.data.collection import recipe_for
from mosim_gym.data.dataset import Dataset, collect_dataset

RECIPE = "uniform"


def equal_motion(robot: str, transitions: int, shared: Path) -> Dataset:
    """At least so many control steps of `robot` from the task's starts under uniform actions, in a folder of their own in `shared`."""
    segments = -(-transitions // recipe_for(robot, RECIPE).steps)
    return collect_dataset(robot, shared / f"{robot}-{RECIPE}-{segments}", segments=segments, recipe=RECIPE)
