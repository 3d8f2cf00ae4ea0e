"""What a stage trains: which part of the model, on which rollouts, and on which motion."""

from __future__ import annotations

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.training.config import Stage


def horizon_at(stage: Stage, progress: float) -> int:
    """Control steps of the rollouts that a stage trains through, `progress` from 0 to 1 of the way through it."""
    return max(2, round(stage.horizon * min(1.0, 2 * progress))) if stage.name == "multistep" else 1


def learns_flight(model: MoSim, stage: Stage) -> bool:
    """Whether a stage learns only motion in which nothing touches: the predictor's does, where correctors see what flight would touch."""
    return stage.name == "predictor" and model.foresight is not None


def freeze(model: MoSim, stage: Stage) -> None:
    """Let gradients reach only what the stage trains; of a model that knows a simulation only what it lacks."""
    if model.config.beyond is not None:
        last = f"correctors.{len(model.correctors) - 1}."
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(last))
        return
    for name, parameter in model.named_parameters():
        in_corrector = name.startswith("correctors.")
        parameter.requires_grad_({"predictor": not in_corrector, "corrector": in_corrector}.get(stage.name, True))
