"""On-policy: model and policy learn together from nothing, and every real step is counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.settings import setting
from mosim_gym.rl.strategies.alternation import (
    AlternationConfig,
    AlternationResult,
    FromRealSteps,
    alternate,
    check,
    learned,
    on_branches,
    scheduled,
)
from mosim_gym.rl.strategies.base import Learned, Report, option
from mosim_gym.rl.strategies.model_learner import ModelLearner
from mosim_gym.rl.strategies.real_world import RealWorld
from mosim_gym.robots import find_task
from mosim_gym.training.run import model_for

SCHEDULES: dict[str, dict[str, Any]] = {
    "gradients": {},
    "branches": {
        "learner": on_branches("sac"), "preset": "", "model_updates": 250, "branches": 64, "branch": 20, "virtual_steps": 100,
    },
    "paper": {
        "learner": on_branches("sac", updates=50), "preset": "", "members": 1, "round_steps": 100, "real_envs": 1,
        "model_updates": 1, "branches": 64, "branch": 1, "virtual_steps": 2,
    },
}  # fmt: skip
"""`gradients`: SHAC on branches of 100 steps, in an ensemble of smaller networks. `branches`: SAC on branches of 20 steps, in the robot's
own networks. `paper`: the MoSim paper's, a batch for the model every 100 real steps, then 100 one-step predictions from replayed states
with one update of the policy each."""


@dataclass(frozen=True)
class OnPolicyConfig(AlternationConfig):
    """An ensemble of `members` learns from nothing. It makes `first_model_updates` on the random steps before the first round.

    `preset` names its networks, and "" stands for the robot's own. Defaults are those of the schedule `gradients`.
    """

    random_steps: int = setting(2_000, above=0)
    preset: str = "light"
    members: int = setting(3, above=0)
    first_model_updates: int = setting(1_500, above=0)


def config_for_schedule(schedule: str | None = None, *, algo: str | None = None, **changes: Any) -> OnPolicyConfig:
    """The configuration of the named schedule, with settings of the strategy and of its learner changed by name.

    The default schedule is `gradients`, with SAC or TQC `branches`. An unknown setting raises with the valid ones.
    """
    return scheduled(OnPolicyConfig(), SCHEDULES, schedule, algo, changes)


def on_policy(
    task: str,
    config: OnPolicyConfig,
    *,
    real_steps: int,
    folder: str | Path,
    report: Report = lambda _: None,
) -> AlternationResult:
    """Learn `task` from `real_steps` real control steps, rounded to a multiple of `real_envs`. An interrupted run continues."""
    if not isinstance(config, OnPolicyConfig):
        raise TypeError(f"config is of {type(config).__name__}; on-policy learning takes an OnPolicyConfig.")
    check(config, real_steps)

    def from_nothing(world: RealWorld) -> ModelLearner:
        model = model_for(find_task(task)[0].name, config.preset or None, config.members)
        with initialised_by(config.seed):
            fresh = MoSim(world.env.task.robot, model)
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


@dataclass(frozen=True)
class OnPolicyOptions:
    """The options of on-policy learning on the command line."""

    schedule: str | None = option(
        None,
        "gradients (the default): an ensemble, and SHAC on episodes from real states; branches (with SAC or TQC): on shorter ones; "
        "paper: one-step predictions.",
    )
    real_steps: int = option(100_000, "Real control steps in all.")


class OnPolicy(FromRealSteps):
    """`on_policy` as a strategy."""

    summary = "Learn model and policy together from nothing, counting every real step. An interrupted run continues."
    options = OnPolicyOptions
    scheduled_config = staticmethod(config_for_schedule)

    def learn(
        self, task: str, config: OnPolicyConfig, options: OnPolicyOptions, folder: Path, report: Report
    ) -> Learned:
        """Run `on_policy`."""
        result = on_policy(task, config, real_steps=options.real_steps, folder=folder, report=report)
        return learned(result)
