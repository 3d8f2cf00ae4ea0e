"""`ZeroShotConfig`: how a policy is trained inside the model, by the task's and the learner's defaults and by what is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mosim_gym.dynamics.prepared import PRECISIONS
from mosim_gym.envs.ends import OUTSIDE_MODEL
from mosim_gym.envs.options import EPISODE_STEPS
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.settings import check_kind, check_settings, setting
from mosim_gym.rl.flat_settings import as_changes, changed, with_options
from mosim_gym.rl.learners.base import LEARNERS, LearnerConfig, check_held, learner_config
from mosim_gym.rl.learners.off_policy import OffPolicyConfig
from mosim_gym.rl.strategies.first_policy import first_policy
from mosim_gym.rl.strategies.judging import EVALUATION_EPISODES
from mosim_gym.rl.strategies.model_penalty import NO_PENALTY, USUAL_SCALE, check_penalty, with_penalty
from mosim_gym.rl.strategies.target import Trainable, target_of

SAC = OffPolicyConfig()


@dataclass(frozen=True)
class ZeroShotConfig(ChecksArguments):
    """`learner` trains in `num_envs` environments of the model, whose networks are computed in `precision`.

    Episodes of training last `episode` steps. A share `spread_starts` of them starts spread over all that the robot can do, as its
    `Coverage` says. A share `near_reward_starts` starts in those of such states from which reward is near. The others start where the
    task's do. An evaluation has `evaluation_episodes` of 1,000 steps with the task's own starts. There is one every `evaluate_every`
    control steps of training.

    In training each action is held for `repeat` control steps, and the reward is their mean. The learner's discount and steps are those of
    such longer steps. In evaluations and in use the policy acts at every control step.

    `start` is the file of a policy that the learner begins with, in place of a random one. It may be of another task with the same
    observations.

    `penalty` keeps the learner where the model knows. It is a name in the registry of penalties, or the file of a density.
    `threshold_scale` belongs to densities (`envs/penalties/density.py`). `outside_model` says what happens where a state leaves the model's
    training box, as for `TorchEnv`.
    """

    learner: LearnerConfig = SAC
    num_envs: int = setting(64, above=0, most=1_000_000)
    episode: int = setting(EPISODE_STEPS, above=0, most=1_000_000)
    spread_starts: float = setting(0.0, least=0, most=1)
    near_reward_starts: float = setting(0.0, least=0, most=1)
    repeat: int = setting(1, above=0)
    start: str = ""
    penalty: str = NO_PENALTY
    threshold_scale: float = setting(USUAL_SCALE, above=0, most=1_000)
    outside_model: str = setting("truncate", choices=OUTSIDE_MODEL)
    evaluate_every: int = setting(100_000, above=0, most=10**12)
    evaluation_episodes: int = setting(EVALUATION_EPISODES, above=0, most=100_000)
    precision: str = setting("float32", choices=PRECISIONS)
    seed: int = setting(0, seed=True)

    def __post_init__(self) -> None:
        """Raise for values that no run could have."""
        check_settings(self)
        check_penalty(self.penalty, self.threshold_scale)


def config_for(task: Trainable, algo: str | None = None, **changes: Any) -> ZeroShotConfig:
    """The configuration for a task, or for an environment, and the learner `algo` (SAC unless the task says otherwise).

    `changes` are settings by name, also of the learner. None does not change a setting.
    """
    target = target_of(task)
    own = target.task.zero_shot
    algo = algo or str(own.get("algo", SAC.algo))
    config = ZeroShotConfig(learner=learner_config(algo))
    config = changed(config, LEARNERS.find(algo).defaults("zero-shot", target.name))
    theirs = {name: value for name, value in own.items() if name != "algo"} if own.get("algo", algo) == algo else {}
    given = {name: value for name, value in changes.items() if value is not None}
    start = first_policy(str(given.get("start", "")), algo)
    return changed(config, {**theirs, **(start.settings if start else {}), **given})


def typed_config(
    task: str,
    algo: str | None,
    *,
    seed: int,
    settings: Sequence[str],
    penalty: str | None = None,
    start: str | None = None,
) -> ZeroShotConfig:
    """`config_for` with settings in the form `name=value`, and the options `penalty` and `start`."""
    changes = with_options(as_changes(settings, config_for(task, algo)), algo=algo, seed=seed, start=start)
    return config_for(task, **with_penalty(changes, penalty))


def check(config: ZeroShotConfig, budget: float, max_steps: int | None) -> None:
    """Raise for settings with which no run is possible."""
    check_kind(config, ZeroShotConfig, "zero-shot training takes a ZeroShotConfig")
    check_held(config.learner, config.num_envs)
    if config.penalty != NO_PENALTY and config.outside_model == "terminate":
        raise ValueError(
            f"outside_model=terminate with penalty={config.penalty}: penalised rewards may be negative, so the policy would learn to leave "
            "the model; choose outside_model=truncate or outside_model=continue."
        )
    if not budget > 0 or (max_steps is not None and max_steps < 1):
        raise ValueError(f"budget is {budget} s and max_steps {max_steps}; both must be positive.")
    if config.repeat > config.episode:
        raise ValueError(
            f"repeat is {config.repeat}; it must be at most the length of an episode, {config.episode} steps."
        )
