"""Zero-shot: a learner trains inside the model alone, without the real environment.

Regular evaluations keep the policy with the highest return *in the model*, where the return is that of the ensemble's lowest member.
Training, evaluation and choice use learned motion only. The caller plays the policy in reality at the end.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.envs.backend import Checkpoint
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.starts import TASK
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.interruption import interruptible
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.assessing import assess
from mosim_gym.rl.assessment import Assessment
from mosim_gym.rl.learners.base import LEARNERS, Improver, Learner, make_learner
from mosim_gym.rl.learners.sb3_internals import tensorboard
from mosim_gym.rl.run import BEST, POLICY, SAVE_SECONDS, Run, RunRecord
from mosim_gym.rl.strategies.base import Report
from mosim_gym.rl.strategies.first_policy import FirstPolicy, first_policy
from mosim_gym.rl.strategies.judging import check_stop, keep_best, log_evaluation, opened_judge, reached
from mosim_gym.rl.strategies.model_penalty import penalties_of
from mosim_gym.rl.strategies.target import Target, Trainable, target_of
from mosim_gym.rl.strategies.training_starts import training_starts
from mosim_gym.rl.strategies.zero_shot_card import card_of_zero_shot
from mosim_gym.rl.strategies.zero_shot_config import ZeroShotConfig, check, config_for, typed_config

__all__ = ["ZeroShotConfig", "ZeroShotResult", "config_for", "typed_config", "zero_shot"]

EVALUATED = "evaluated"
SLICE = 50
"""Control steps of each environment between two checks of the clock."""


@dataclass
class ZeroShotResult:
    """The chosen policy, the run's record with the curve of returns in the model, and the dynamics in which it was trained."""

    policy: ActorPolicy
    record: RunRecord
    dynamics: Dynamics
    assessment: Assessment | None = None
    """What is known of the policy before it runs on a robot, where it was trained in an environment of a model."""

    @property
    def curve(self) -> list[dict[str, float]]:
        """The evaluations."""
        return self.record.curve


def zero_shot(
    task: Trainable,
    config: ZeroShotConfig,
    *,
    budget: float | str,
    folder: str | Path,
    checkpoint: Checkpoint | None = None,
    max_steps: int | None = None,
    stop_at: float | None = None,
    judge: Checkpoint | None = None,
    keep_all: bool = False,
    save_every: float = SAVE_SECONDS,
    report: Report = lambda _: None,
) -> ZeroShotResult:
    """Train a policy for `task` inside its packaged model (or `checkpoint`) for `budget`: seconds, or text such as `"10m"`.

    An interrupted run continues.

    In place of a task's id `task` may be an environment, such as one of `make_env`. The policy is then trained with its functions, starts,
    penalties and limit, in its model, and assessed there at the end.

    The run ends sooner after `max_steps` control steps in the model, or at a return of `stop_at` in the model. Evaluations choose the
    policy and stop the run. They use the model `judge`, by default the one of the training. With `keep_all` every evaluated policy is
    kept, as `evaluated/<steps in the model>.safetensors`. The state of the run is saved at each evaluation and every `save_every`
    seconds.
    """
    budget = seconds(budget) if isinstance(budget, str) else budget
    check(config, budget, max_steps)
    check_stop(stop_at)
    target = target_of(task)
    dynamics = target.open(checkpoint, config.precision)
    judging = opened_judge(target, judge)
    if judging is not None and judging.identity == dynamics.identity:
        judging = None  # the model itself
    record = RunRecord(
        strategy="zero-shot",
        task=target.name,
        config=asdict(config),
        model=dynamics.identity,
        judge=None if judging is None else judging.identity,
        next_evaluation=config.evaluate_every,
    )
    if judging is None:
        judging = dynamics
        if config.precision != ZeroShotConfig.precision:
            judging = target.open(checkpoint)
    run = Run(Path(folder), record, save_every)
    start = first_policy(config.start, config.learner.algo)
    if start is not None:
        start.check_robot(target.task.robot.name)
    env = training_env(target, config, dynamics)
    learner = make_learner(env, config.learner, seed=config.seed, folder=run.folder)
    if start is not None and not run.resumed:
        assert isinstance(learner, Improver)
        learner.begin_with(start.policy)
        if max_steps is not None and env.steps_taken >= max_steps:
            raise ValueError(
                f"max_steps is {max_steps:,}; the policy to begin with acts for {env.steps_taken:,} control steps before it learns."
            )
    run.add("learner", learner)
    record, logger = run.record, tensorboard(run.folder)
    if not (run.folder / BEST).exists():
        record.best = None  # the next evaluation's policy is the best there is
    limit = max_steps or 10**15
    with interruptible() as interruption:
        while record.seconds < budget and env.steps_taken < limit and not reached(record, stop_at):
            learner.learn(SLICE, progress=min(1.0, max(record.seconds / budget, env.steps_taken / limit)))
            over = run.tick() >= budget or env.steps_taken >= limit
            report(progress_of(record, learner, budget, stop_at))
            due = env.steps_taken >= record.next_evaluation
            if due or over:
                record.next_evaluation += config.evaluate_every * due
                policy = learner.policy({"task": target.name})
                if keep_all:
                    policy.save(run.folder / EVALUATED / f"{env.steps_taken}.safetensors")
                keep_best(
                    target,
                    policy,
                    record,
                    _counts(learner),
                    run.folder,
                    judging,
                    outside_model=config.outside_model,
                    stop_at=stop_at,
                    episodes=config.evaluation_episodes,
                )
                log_evaluation(logger, record)
                report(progress_of(record, learner, budget, stop_at))
            if due or over or run.save_due or interruption.asked:
                run.save()
            interruption.end()
    limits = {"budget_seconds": budget, "max_steps": max_steps, "stop_at": stop_at}
    result = _finished(run, learner, {name: value for name, value in limits.items() if value is not None}, start)
    if target.model is not None and not dynamics.is_truth:
        result.assessment = assess(result.policy, target.environments(1, dynamics))
    return result


def training_env(target: Target, config: ZeroShotConfig, dynamics: Dynamics) -> TorchEnv:
    """The environments of the training."""
    starts = training_starts(
        target.task, dynamics, spread=config.spread_starts, near_reward=config.near_reward_starts, seed=config.seed
    )
    env = target.environments(
        config.num_envs,
        dynamics,
        episode=config.episode,
        stagger=True,
        outside_model=config.outside_model,
        penalties=[*target.penalties, *penalties_of(config.penalty, config.threshold_scale)],
        repeat=config.repeat,
        gradients=LEARNERS.find(config.learner.algo).needs_gradients,
    )
    if starts != TASK:
        env.set_starts(starts)
    return env


def _counts(learner: Learner) -> dict[str, int]:
    return {"steps": learner.env.steps_taken, "updates": learner.updates}


def progress_of(record: RunRecord, learner: Learner, budget: float, stop_at: float | None) -> dict[str, float]:
    """The state of a run, for reports."""
    return {
        **({} if stop_at is None else {"stop_at": stop_at}),
        **_counts(learner),
        "seconds": record.seconds,
        "budget": budget,
        "return_in_model": record.curve[-1]["return_in_model"] if record.curve else float("nan"),
        "best": record.best if record.best is not None else float("nan"),
    }


def _finished(run: Run, learner: Learner, limits: dict[str, float], start: FirstPolicy | None) -> ZeroShotResult:
    """The best policy, saved with its card as `policy.safetensors`."""
    policy = load_policy(run.folder / BEST)
    policy.card = card_of_zero_shot(run.record, learner, limits, start)
    policy.save(run.folder / POLICY)
    return ZeroShotResult(policy, run.record, learner.env.dynamics)
