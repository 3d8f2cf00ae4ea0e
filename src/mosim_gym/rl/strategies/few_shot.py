"""Few-shot: a model that was trained on other motion, and a policy in it, learn from a few real steps of the task."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.backend import TRUTH, Checkpoint
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.settings import check_kind, setting
from mosim_gym.rl.strategies.alternation import (
    AlternationConfig,
    AlternationResult,
    alternate,
    check,
    identity_of,
)
from mosim_gym.rl.strategies.base import Learned, Report, Trial, Use, option
from mosim_gym.rl.strategies.from_real_steps import FromRealSteps, learned
from mosim_gym.rl.strategies.model_learner import ModelLearner
from mosim_gym.rl.strategies.model_penalty import penalty_option
from mosim_gym.rl.strategies.real_robot import RealRobot
from mosim_gym.rl.strategies.real_world import RealWorld
from mosim_gym.rl.strategies.schedules import Schedule, Schedules, on_branches, schedule_option, scheduled
from mosim_gym.robots import find_task, load_robot
from mosim_gym.robots.catalogue import definition_of
from mosim_gym.training.pool import first_motion
from mosim_gym.zoo.names import load, packaged

SCHEDULES: Schedules = {
    "gradients": Schedule(
        "gradients (SHAC)", "the default; SHAC climbs the gradient of its return on branches of 100 steps from real states", {}
    ),
    "branches": Schedule(
        "SAC",
        "the default with --algo sac or tqc; SAC on branches of 20 steps from real states",
        {
            "learner": on_branches("sac"), "model_updates": 250, "model_rate": 0.3, "branches": 64, "branch": 20, "virtual_steps": 100,
        },
    ),
    "along-real-steps": Schedule(
        "gradients along real steps (DMO)",
        "SHAC moves in the real task alone, and climbs the gradient by the model's derivatives along these real steps",
        {"forward": "real", "real_envs": 8},
    ),
    "paper": Schedule(
        "the paper's schedule",
        "the MoSim paper's; SAC in episodes of up to 1,000 steps, 5,000 steps in the model for every 1,000 real ones, and as many updates",
        {
            "learner": on_branches("sac", updates=10), "real_envs": 1, "slices": 50, "model_updates": 50, "model_batch": 256,
            "model_rate": 0.3, "branches": 10, "branch": 1000, "virtual_steps": 500, "pretraining_share": 0.0,
        },
    ),
    "frozen": Schedule(
        "model never trained",
        "gradients in a model that does not learn, for comparison",
        {"model_updates": 0},
    ),
    "one-step": Schedule(
        "predictions of one step, model never trained",
        "the MoSim paper's frozen model; SAC on predictions of one step from real states, 100 updates for every 100 real steps",
        {
            "learner": on_branches("sac", updates=50), "real_envs": 1, "round_steps": 100, "model_updates": 0, "branches": 64,
            "branch": 1, "virtual_steps": 2, "pretraining_share": 0.0,
        },
    ),
}  # fmt: skip
NARROW = "narrow"
"""The variant of packaged models that have seen little motion. Few-shot learning is measured from it where there is one."""


@dataclass(frozen=True)
class FewShotConfig(AlternationConfig):
    """`pretraining_share` is the share of motion of the model's first training in each batch, which keeps the model from forgetting it.

    Defaults are those of the schedule `gradients`.
    """

    pretraining_share: float = setting(0.25, least=0, below=1)


def config_for_schedule(schedule: str | None = None, *, algo: str | None = None, **changes: Any) -> FewShotConfig:
    """The configuration of the named schedule, with settings of the strategy and of its learner changed by name.

    The default schedule is `gradients`, with SAC or TQC `branches`. An unknown setting raises with the valid ones.
    """
    return scheduled(FewShotConfig(), SCHEDULES, schedule, algo, changes)


def few_shot(
    task: str | RealRobot,
    config: FewShotConfig,
    *,
    real_steps: int,
    folder: str | Path,
    checkpoint: Checkpoint | None = None,
    report: Report = lambda _: None,
) -> AlternationResult:
    """Learn `task`, or the task of a robot, from `real_steps` real control steps, rounded to a multiple of `real_envs`, from the packaged
    model or `checkpoint`.

    An interrupted run continues. A `RealRobot` that stops answering raises `RobotSilent`, and the run continues when it is called again.
    """
    check_kind(config, FewShotConfig, "few-shot learning takes a FewShotConfig")
    check(task, config, real_steps)
    robot = load_robot(find_task(task)[0].name) if isinstance(task, str) else task.task.robot
    name = robot.name
    if isinstance(checkpoint, str) and checkpoint == TRUTH:
        raise ValueError("The truth cannot learn; few-shot needs a learned model: a packaged name or a path.")
    before = load(name if checkpoint is None else checkpoint) if not isinstance(checkpoint, Dynamics) else checkpoint
    if not isinstance(before, Simulator):
        raise TypeError(
            f"{type(before).__name__} cannot learn; few-shot needs a learned model: a packaged name or a path."
        )
    if replace(robot, actuators=before.robot.actuators).fingerprint == before.robot.fingerprint != robot.fingerprint:
        raise ValueError(
            f"The task of {identity_of(task)} has other control ranges than the model; few-shot learning takes the model's own: leave "
            "control_range out, and narrow the commands where they are sent to the robot."
        )
    if before.robot.fingerprint != robot.fingerprint:
        raise ValueError(f"The model is of {before.robot.name!r}; {identity_of(task)} needs one of {name!r}.")
    if config.pretraining_share and definition_of(robot) is None:
        raise ValueError(
            f"pretraining_share is {config.pretraining_share:g}; {name} is not packaged, so that its first motion cannot be simulated "
            "again: set pretraining_share=0."
        )

    def go_on(_world: RealWorld) -> ModelLearner:
        learner = ModelLearner(
            copy.deepcopy(before.model),
            batch=config.model_batch,
            rate=config.model_rate,
            seed=config.seed,
            card=before.card,
        )
        learner.simulator.density = before.density
        if config.pretraining_share:
            learner.remember(first_motion(name, before.card.get("recipe", {})), config.pretraining_share)
        return learner

    return alternate(
        task,
        config,
        go_on,
        lambda _learner: None,
        strategy="few-shot",
        model=before.identity,
        real_steps=real_steps,
        folder=folder,
        memory=before.memory,
        report=report,
    )


@dataclass(frozen=True)
class FewShotOptions:
    """The options of few-shot learning on the command line."""

    schedule: str | None = schedule_option(SCHEDULES)
    checkpoint: str | None = option(
        None, "The model to start from, such as cheetah:narrow; by default the robot's packaged one."
    )
    real_steps: int = option(50_000, "Real control steps in all.")
    penalty: str | None = penalty_option()


class FewShot(FromRealSteps):
    """`few_shot` as a strategy."""

    summary = (
        "Let a model of other motion, and a policy in it, learn from few real steps. An interrupted run continues."
    )
    options, schedules = FewShotOptions, SCHEDULES
    scheduled_config = staticmethod(config_for_schedule)
    uses = (
        Use(
            "a model that has seen only some motion, and the real robot", "few-shot", "few-shot.md", "tens of thousands",
            "training of both between real steps",
        ),
    )  # fmt: skip

    @classmethod
    def trials(cls, name: str, task: str) -> dict[str, Trial]:
        """Every schedule from the packaged model; where a narrow one is packaged, from that one first."""
        robot = find_task(task)[0].name
        starts: dict[str, tuple[str | None, str]] = {name: (None, f"{name} from the packaged model")}
        if f"{robot}:{NARROW}" in packaged():
            starts = {f"{name}-{NARROW}": (f"{robot}:{NARROW}", name), **starts}
        return {
            f"{start}-{schedule}": Trial(f"{said}, {found.title}", None, FewShotOptions(schedule, checkpoint))
            for start, (checkpoint, said) in starts.items()
            for schedule, found in SCHEDULES.items()
        }

    def learn(self, task: str, config: FewShotConfig, options: FewShotOptions, folder: Path, report: Report) -> Learned:
        """Run `few_shot`."""
        result = few_shot(
            task, config, real_steps=options.real_steps, folder=folder, checkpoint=options.checkpoint, report=report
        )
        return learned(result)
