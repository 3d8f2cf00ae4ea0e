"""On-policy: model and policy learn together from nothing, and every real step is counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.settings import check_kind, setting
from mosim_gym.rl.strategies.alternation import (
    AlternationConfig,
    AlternationResult,
    alternate,
    check,
)
from mosim_gym.rl.strategies.base import Learned, Report, Trial, Use, option
from mosim_gym.rl.strategies.from_real_steps import FromRealSteps, learned
from mosim_gym.rl.strategies.model_learner import ModelLearner
from mosim_gym.rl.strategies.model_penalty import penalty_option
from mosim_gym.rl.strategies.real_robot import RealRobot
from mosim_gym.rl.strategies.real_world import RealWorld
from mosim_gym.rl.strategies.schedules import Schedule, Schedules, on_branches, schedule_option, scheduled
from mosim_gym.robots.catalogue import definition_of
from mosim_gym.training.model_choice import model_for

SCHEDULES: Schedules = {
    "gradients": Schedule(
        "gradients (SHAC)",
        "the default; SHAC climbs the gradient of its return on branches of 100 steps from real states, in an ensemble of smaller networks",
        {},
    ),
    "branches": Schedule(
        "SAC",
        "the default with --algo sac or tqc; SAC on branches of 20 steps from real states, in the robot's own networks",
        {
            "learner": on_branches("sac"), "preset": "", "model_updates": 250, "branches": 64, "branch": 20, "virtual_steps": 100,
        },
    ),
    "along-real-steps": Schedule(
        "gradients along real steps (DMO)",
        "SHAC moves in the real task alone, and climbs the gradient by the model's derivatives along these real steps",
        {"forward": "real", "real_envs": 8},
    ),
    "paper": Schedule(
        "the paper's schedule",
        "the MoSim paper's; SAC on predictions of one step from replayed states, 100 updates for every 100 real steps",
        {
            "learner": on_branches("sac", updates=50), "preset": "", "members": 1, "round_steps": 100, "real_envs": 1,
            "model_updates": 1, "branches": 64, "branch": 1, "virtual_steps": 2,
        },
    ),
}  # fmt: skip

PAPER, LONG = "paper", 500_000
"""The paper's schedule, and its real steps in the paper (Figure 3c)."""


@dataclass(frozen=True)
class OnPolicyConfig(AlternationConfig):
    """An ensemble of `members` learns from nothing. It makes `first_model_updates` on the random steps before the first round.

    `preset` names its networks, and "" stands for the robot's own. With `memory` so many commands before the present one are inputs, for a
    machine that follows its commands late. Defaults are those of the schedule `gradients`.
    """

    random_steps: int = setting(2_000, above=0, most=10**9)
    preset: str = "default"
    members: int = setting(3, above=0, most=100)
    memory: int = setting(0, least=0, most=100)
    first_model_updates: int = setting(1_500, above=0, most=1_000_000)


def config_for_schedule(schedule: str | None = None, *, algo: str | None = None, **changes: Any) -> OnPolicyConfig:
    """The configuration of the named schedule, with settings of the strategy and of its learner changed by name.

    The default schedule is `gradients`, with SAC or TQC `branches`. An unknown setting raises with the valid ones.
    """
    return scheduled(OnPolicyConfig(), SCHEDULES, schedule, algo, changes)


def on_policy(
    task: str | RealRobot,
    config: OnPolicyConfig,
    *,
    real_steps: int,
    folder: str | Path,
    report: Report = lambda _: None,
) -> AlternationResult:
    """Learn `task`, or the task of a robot, from `real_steps` real control steps, rounded to a multiple of `real_envs`.

    An interrupted run continues. A `RealRobot` that stops answering raises `RobotSilent`, and the run continues when it is called again.
    """
    check_kind(config, OnPolicyConfig, "on-policy learning takes an OnPolicyConfig")
    check(task, config, real_steps)

    def from_nothing(world: RealWorld) -> ModelLearner:
        robot = world.env.task.robot
        if definition_of(robot) is not None:
            model = model_for(robot.name, config.preset or None, config.members)
        else:
            usual = "default" if len(robot.contacts) else "smooth"
            model = preset(config.preset or usual, members=config.members, sensors=0)
        with initialised_by(config.seed):
            fresh = MoSim(robot, replace(model, memory=config.memory))
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
        memory=config.memory,
        report=report,
    )


@dataclass(frozen=True)
class OnPolicyOptions:
    """The options of on-policy learning on the command line."""

    schedule: str | None = schedule_option(SCHEDULES)
    real_steps: int = option(100_000, "Real control steps in all.")
    penalty: str | None = penalty_option()


class OnPolicy(FromRealSteps):
    """`on_policy` as a strategy."""

    summary = "Learn model and policy together from nothing, counting every real step. An interrupted run continues."
    options, schedules = OnPolicyOptions, SCHEDULES
    scheduled_config = staticmethod(config_for_schedule)
    uses = (
        Use(
            "no model, and the real robot", "on-policy", "on-policy.md", "tens of thousands", "training of both between real steps"
        ),
    )  # fmt: skip

    @classmethod
    def trials(cls, name: str, task: str) -> dict[str, Trial]:
        """Every schedule, and the paper's for as many real steps as it has in the paper."""
        found = {
            f"{name}-{schedule}": Trial(f"{name}, {about.title}", None, OnPolicyOptions(schedule))
            for schedule, about in SCHEDULES.items()
        }
        long = Trial(f"{name}, {SCHEDULES[PAPER].title}", None, OnPolicyOptions(PAPER, LONG))
        return {**found, f"{name}-{PAPER}-{LONG // 1000}k": long}

    def learn(
        self, task: str, config: OnPolicyConfig, options: OnPolicyOptions, folder: Path, report: Report
    ) -> Learned:
        """Run `on_policy`."""
        result = on_policy(task, config, real_steps=options.real_steps, folder=folder, report=report)
        return learned(result)
