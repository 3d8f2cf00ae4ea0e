"""The table of world models that are one network, from the registry."""

from __future__ import annotations

from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.world_model import WORLD_MODELS
from mosim_gym.robots import load_robot
from mosim_gym.world_models.learned import LearnedModel
from mosim_gym.world_models.sizes import parameters_in

EXAMPLE = "cheetah"
"""The robot for whose networks parameters are counted."""


def world_models_table() -> str:
    """A row for each registered `LearnedModel`: name, context, window and parameters by default, and where its settings stand."""
    robot, rows = load_robot(EXAMPLE), []
    for name in WORLD_MODELS.names():
        kind = WORLD_MODELS.find(name)
        if not issubclass(kind, LearnedModel):
            continue
        model, config = kind(), kind.config_type
        rows.append(
            [
                f"`{name}`",
                kind.title,
                str(model.context),
                str(model.window),
                f"{parameters_in(model.build(robot)):,}",
                f"[`{config.__name__}`][{config.__module__}.{config.__qualname__}]",
            ]
        )
    header = ["Name", "Model", "True states first", "Control steps to learn from", "Parameters", "Settings"]
    return table(header, rows)
