"""The real task alone: a learner without any model, every real step counted. It is what a model has to be better than."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.interruption import interruptible
from mosim_gym.mechanics.numbers import positive_number
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.settings import check_kind, check_settings, setting
from mosim_gym.rl.flat_settings import as_changes, changed, with_options
from mosim_gym.rl.learners.base import LEARNERS, LearnerConfig, check_held, learner_config, make_learner
from mosim_gym.rl.report import real_return
from mosim_gym.rl.run import POLICY, Run, RunRecord
from mosim_gym.rl.strategies.accounting import card_of_real_steps
from mosim_gym.rl.strategies.base import Learned, Report, Standing, Strategy, Trial, Use, option
from mosim_gym.rl.strategies.real_world import steps_taken
from mosim_gym.robots import find_task
from mosim_gym.truth.dynamics import TrueDynamics

NAME = "real-task"
SLICE = 500
"""Control steps of each environment between two looks at the clock."""


@dataclass(frozen=True)
class RealTaskConfig(ChecksArguments):
    """`learner` trains in `real_envs` real environments. Every `evaluate_every` real steps its policy is played for `episodes` real
    episodes, which nothing is learned from and which do not count.
    """

    learner: LearnerConfig
    real_envs: int = setting(1, above=0, most=10_000)
    evaluate_every: int = setting(10_000, above=0, most=10**12)  # real steps
    episodes: int = setting(5, above=0, most=10_000)
    seed: int = setting(0, seed=True)

    def __post_init__(self) -> None:
        """Raise for values that no run could have."""
        check_settings(self)


def config_for(task: str, algo: str | None = None, **changes: Any) -> RealTaskConfig:
    """The defaults of the learner `algo` (SAC if None) for the real task, with settings changed by name, the learner's among them; None
    leaves a setting as it is.
    """
    algo = algo or "sac"
    config = changed(RealTaskConfig(learner_config(algo)), LEARNERS.find(algo).defaults(NAME, task))
    return changed(config, {name: value for name, value in changes.items() if value is not None})


def real_task(
    task: str, config: RealTaskConfig, *, real_steps: int, folder: str | Path, report: Report = lambda _: None
) -> Learned:
    """Learn `task` from `real_steps` real control steps, rounded to a multiple of `real_envs`; an interrupted run goes on."""
    check(config)
    wanted = steps_taken(positive_number(real_steps, "real_steps"), config.real_envs)
    dynamics = TrueDynamics(find_task(task)[0].name, warm_start=False)  # a state alone tells what follows
    record = RunRecord(NAME, task, asdict(config), dynamics.identity, next_evaluation=config.evaluate_every)
    run = Run(Path(folder), record)
    env = TorchEnv(task, config.real_envs, checkpoint=dynamics)
    learner = make_learner(env, config.learner, seed=config.seed, folder=run.folder)
    run.add("learner", learner)
    record = run.record
    with interruptible() as interruption:
        while env.steps_taken < wanted:
            left = min(wanted, record.next_evaluation) - env.steps_taken
            learner.learn(min(SLICE, max(1, left // config.real_envs)), progress=env.steps_taken / wanted)
            due, over = env.steps_taken >= record.next_evaluation, env.steps_taken >= wanted
            if due or over:
                record.next_evaluation += config.evaluate_every * due
                found = real_return(task, learner.policy({"task": task}), episodes=config.episodes)
                record.curve.append({"real_steps": env.steps_taken, "updates": learner.updates, "return": found.mean})
            run.tick()
            latest = record.curve[-1]["return"] if record.curve else float("nan")
            report({"real_steps": env.steps_taken, "real_steps_in_all": wanted, "return": latest})
            if due or over or run.save_due or interruption.asked:
                run.save()
            interruption.end()
    policy = learner.policy(card_of_real_steps(record, real_steps=env.steps_taken, updates=learner.updates))
    policy.save(run.folder / POLICY)
    return Learned(policy, record.curve, dynamics, f"after {env.steps_taken:,} real steps")


def check(config: RealTaskConfig) -> None:
    """Refuse, in one sentence, what no run can be made of."""
    check_kind(config, RealTaskConfig, "learning on the real task takes a RealTaskConfig")
    check_held(config.learner, config.real_envs)
    if LEARNERS.find(config.learner.algo).needs_gradients:
        raise ValueError(
            f"{config.learner.algo} needs gradients, and the real task has none; choose one of {', '.join(RealTask.learners())}."
        )


@dataclass(frozen=True)
class RealTaskOptions:
    """What a run on the real task is told on the command line."""

    real_steps: int = option(100_000, "Real control steps in all.")


class RealTask(Strategy):
    """`real_task` as a strategy."""

    summary = (
        "Learn on the real task alone, without a model: what a model has to be better than. SAC and TQC have SB3's own settings. "
        "An interrupted run goes on where it was."
    )
    options = RealTaskOptions
    uses = (
        Use(
            "no model, and no wish for one",
            NAME,
            "real-task.md",
            "hundreds of thousands",
            "training between real steps",
        ),
    )

    @classmethod
    def learners(cls) -> list[str]:
        """Those that do without gradients."""
        return [algo for algo in LEARNERS.names() if not LEARNERS.find(algo).needs_gradients]

    @classmethod
    def trials(cls, name: str, task: str) -> dict[str, Trial]:
        """Every learner that can learn there, by its own name."""
        return {
            algo: Trial(f"{LEARNERS.find(algo).title(algo)} alone, no model", algo, RealTaskOptions())
            for algo in cls.learners()
        }

    def config(self, task: str, algo: str | None, seed: int, settings: Sequence[str], options: Any) -> RealTaskConfig:
        """The learner's defaults with what was typed."""
        changes = with_options(as_changes(settings, config_for(task, algo)), algo=algo, seed=seed)
        return config_for(task, **changes)

    def learn(
        self, task: str, config: RealTaskConfig, options: RealTaskOptions, folder: Path, report: Report
    ) -> Learned:
        """Learn from the real steps."""
        return real_task(task, config, real_steps=options.real_steps, folder=folder, report=report)

    def standing(self, state: dict[str, float]) -> Standing:
        """By the real steps that the run has taken."""
        seen = f"{state['return']:.0f}" if state["return"] == state["return"] else "–"
        said = f"return {seen}, {state['real_steps']:,.0f} real steps of {state['real_steps_in_all']:,.0f}"
        return Standing(state["real_steps"] / state["real_steps_in_all"], said)
