"""Registered world models that are fitted on given motion, to measure them beside a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mosim_gym.data.dataset import open_dataset
from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.mechanics.world_model import WORLD_MODELS, MotionData, WorldModel


def named(names: str | None) -> list[str]:
    """The world models in `names`, a list with commas. An unknown name raises `KeyError` with the valid ones."""
    found = [name.strip() for name in (names or "").split(",") if name.strip()]
    for name in found:
        WORLD_MODELS.find(name)
    return found


def motion_to_fit(robot: str, card: Mapping[str, Any], folder: Path | None, seed: int) -> MotionData:
    """The dataset in `folder`. Without a folder, fresh motion by the recipe from which a checkpoint with this `card` learned."""
    if folder is not None:
        return open_dataset(folder, robot=robot)
    recipe = card.get("recipe", {}).get("recipe", "coverage")
    return RecipeMotion(robot, recipe if isinstance(recipe, str) else recipe["name"], seed=seed)


def fitted(
    names: Sequence[str],
    data: MotionData,
    *,
    budget: float,
    seed: int,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, WorldModel]:
    """The world models of these names, each trained on `data` for about `budget` seconds. `report` gets the name of the next one."""
    models: dict[str, WorldModel] = {}
    for name in names:
        report(name)
        models[name] = WORLD_MODELS.find(name)()
        models[name].fit(data, budget, seed)
    return models
