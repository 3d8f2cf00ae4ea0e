"""On-policy: model and policy learn together from nothing, and every real step is counted from zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.rl.alternation import AlternationConfig, AlternationResult, alternate, check
from mosim_gym.rl.model_learner import ModelLearner
from mosim_gym.rl.real_world import RealWorld
from mosim_gym.rl.settings import check_names, check_positive
from mosim_gym.robots import find_task
from mosim_gym.training.run import model_for

SCHEDULES: dict[str, dict[str, Any]] = {
    "branches": {},
    "gradients": {"algo": "shac", "preset": "light", "branches": 128, "branch": 100, "virtual_steps": 960, "model_updates": 350},
    "paper": {
        "members": 1, "round_steps": 100, "real_envs": 1, "model_updates": 1, "branch": 1, "virtual_steps": 2, "updates": 50,
    },
}  # fmt: skip
"""`branches`: an ensemble, 20-step branches, whitened inputs; `gradients`: the same with smaller networks, through which SHAC climbs, on
longer branches; `paper`: the MoSim paper's, a model batch every 100 real steps and one-step
predictions from replayed states for the next 100, with as many updates of the policy."""


@dataclass(frozen=True)
class OnPolicyConfig(AlternationConfig):
    """An ensemble of `members` learns from nothing: `first_model_updates` on the random steps, before the first round.

    `preset` names its networks; "" are the robot's own.
    """

    updates: int = 12
    random_steps: int = 2_000
    preset: str = ""
    members: int = 3
    first_model_updates: int = 1_500


def config_for_schedule(schedule: str, **changes: Any) -> OnPolicyConfig:
    """The named schedule with fields changed; an unknown one raises with the valid names."""
    if schedule not in SCHEDULES:
        raise UnknownName("schedule", schedule, list(SCHEDULES))
    check_names(changes, OnPolicyConfig)
    return OnPolicyConfig(**{**SCHEDULES[schedule], **changes})


def on_policy(
    task: str,
    config: OnPolicyConfig,
    *,
    real_steps: int,
    folder: str | Path,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> AlternationResult:
    """Learn `task` from `real_steps` real control steps, rounded to a multiple of `real_envs`; an interrupted run goes on."""
    if not isinstance(config, OnPolicyConfig):
        raise TypeError(f"config is of {type(config).__name__}; on-policy learning takes an OnPolicyConfig.")
    check_positive(config, ("members", "first_model_updates"))
    check(config, real_steps)

    def from_nothing(world: RealWorld) -> ModelLearner:
        torch.manual_seed(config.seed)
        fresh = MoSim(world.env.task.robot, model_for(find_task(task)[0].name, config.preset or None, config.members))
        return ModelLearner(fresh, batch=config.model_batch, rate=config.model_rate, seed=config.seed)

    def begin(learner: ModelLearner) -> None:
        learner.fit_statistics()
        learner.learn(config.first_model_updates)

    return alternate(
        task,
        config,
        from_nothing,
        begin,
        strategy="on-policy",
        model="from nothing",
        real_steps=real_steps,
        folder=folder,
        report=report,
    )
