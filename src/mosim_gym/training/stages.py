"""Which stage a training run is in, and which part of the model that stage trains."""

from __future__ import annotations

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.training.config import Stage


def stage_at(stages: tuple[Stage, ...], step: int, total: int) -> tuple[Stage, float, int]:
    """The stage at a step, how far through it the step is, as a share and in steps."""
    shares = sum(stage.share for stage in stages)
    start = 0
    for stage in stages[:-1]:
        length = max(1, round(total * stage.share / shares))
        if step < start + length:
            return stage, (step - start) / length, step - start
        start += length
    return stages[-1], min(1.0, (step - start) / max(1, total - start)), step - start


def horizon_at(stage: Stage, progress: float) -> int:
    """Control steps of the rollouts that a stage trains through, `progress` from 0 to 1 of the way through it."""
    return max(2, round(stage.horizon * min(1.0, 2 * progress))) if stage.name == "multistep" else 1


def freeze(model: MoSim, stage: Stage) -> None:
    """Let gradients reach only what the stage trains."""
    for name, parameter in model.named_parameters():
        in_corrector = name.startswith("correctors.")
        parameter.requires_grad_({"predictor": not in_corrector, "corrector": in_corrector}.get(stage.name, True))
