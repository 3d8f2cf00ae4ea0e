"""`ZeroShotConfig`: every choice of zero-shot training by SB3's algorithms, and its defaults for each task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import check_at_least, check_seed
from mosim_gym.rl.flat_settings import check_kinds, check_names, check_positive
from mosim_gym.rl.learner_settings import LearnerConfig, check_buffer, check_learner
from mosim_gym.robots import find_task
from mosim_gym.truth.options import EPISODE_STEPS

PENALTIES = ("none", "density", "disagreement")
ENDS = ("box", "edge", "finite")


@dataclass(frozen=True)
class ZeroShotConfig(LearnerConfig):
    """How a policy is trained in `num_envs` environments of the model.

    Episodes of training last `episode` steps. A share `wide` of them starts spread over all that the robot can do, as its `Coverage` says,
    a share `promising` in those of such states from which reward is near, and the others where the task's do. Evaluations have the task's
    own starts and 1,000 steps.

    In training each action is held for `repeat` control steps, and the reward is their mean; `discount` and `horizon` are of such longer
    steps. Evaluations, and whoever uses the policy, ask it at every control step.

    `precision` says in what the model's networks are multiplied.

    `penalty` keeps the learner where the model knows: `density` by the packaged density of the model's data, or a density's file by that
    one, `reach` times as far as its data (`envs/density.py`); `disagreement` by that of the ensemble's members, beyond which episodes end
    (`envs/disagreement.py`). `ends` says where episodes in the model end before their time: where a state leaves the model's training
    `box`, the critic's estimate standing for what would have come; there too, but as an `edge` beyond which there is no reward; or only
    where it is not `finite`.
    """

    num_envs: int = 64
    episode: int = EPISODE_STEPS
    wide: float = 0.0
    promising: float = 0.0
    repeat: int = 1
    penalty: str = "none"
    reach: float = 1.0
    ends: str = "box"
    warm_up: int = 10_000  # steps of random controls before the first update
    evaluate_every: int = 100_000  # control steps in the model
    precision: str = "float32"
    seed: int = 0


_QUICK: dict[str, Any] = {"width": 128, "warm_up": 5_000, "evaluate_every": 20_000}
_SPARSE: dict[str, Any] = {
    **_QUICK, "warm_up": 20_000, "episode": 100, "wide": 0.9, "updates": 16, "horizon": 5, "following": 0.02, "entropy": "0.05",
}  # fmt: skip
_CATCH: dict[str, Any] = {
    **_QUICK, "warm_up": 10_000, "evaluate_every": 40_000, "episode": 250, "wide": 0.5, "horizon": 5,
}  # fmt: skip
_SWING: dict[str, Any] = {
    "repeat": 4, "episode": 400, "wide": 0.8, "horizon": 5, "following": 0.01, "entropy": "0.02", "evaluate_every": 80_000,
}  # fmt: skip
_HOP: dict[str, Any] = {
    "repeat": 2, "episode": 400, "wide": 0.3, "promising": 0.3, "updates": 16, "horizon": 5, "following": 0.01, "evaluate_every": 80_000,
}  # fmt: skip
_RISE: dict[str, Any] = {**_HOP, "promising": 0.4, "horizon": 3}
TASK_DEFAULTS: dict[str, dict[str, Any]] = {
    "ReacherEasy": _QUICK,
    "ReacherHard": _QUICK,
    "CartpoleSwingup": _QUICK,
    "PointMassEasy": {**_QUICK, "evaluate_every": 30_000},
    "FingerSpin": {"evaluate_every": 30_000, "updates": 16, "horizon": 1, "following": 0.01},
    "BallInCupCatch": _CATCH,
    "PendulumSwingup": _SPARSE,
    "AcrobotSwingup": _SWING,
    "HopperStand": _HOP,
    "HopperHop": {**_HOP, "horizon": 1},
    "HumanoidStand": _RISE,
    "HumanoidWalk": _RISE,
    "HumanoidRun": _RISE,
}
"""What differs from `ZeroShotConfig` for a task. Where a reward is rare, episodes begin everywhere and are short, so that it is met; the
entropy's weight is fixed, because a learned one vanishes before there is anything to be learned; and values travel back faster. What
targets of a single step (`horizon` 1) are worth is asked by the study `targets`."""


def config_for(task: str, **changes: Any) -> ZeroShotConfig:
    """The documented defaults of a task with fields changed; None leaves a field as it is."""
    find_task(task)
    check_names(changes, ZeroShotConfig)
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(ZeroShotConfig(), **{**TASK_DEFAULTS.get(task, {}), **given})


def check(config: ZeroShotConfig, budget: float, max_steps: int | None) -> None:
    """Refuse, in one sentence, what no run can be made of."""
    check_kinds(config)
    if config.penalty not in PENALTIES and not Path(config.penalty).is_file():
        raise UnknownName("penalty", config.penalty, [*PENALTIES, "a density's file"])
    if config.ends not in ENDS:
        raise UnknownName("ends", config.ends, list(ENDS))
    if config.penalty != "none" and config.ends == "edge":
        raise ValueError(
            f"ends=edge with penalty={config.penalty}: penalised rewards may be negative, and leaving the model would pay; "
            "choose ends=box or ends=finite."
        )
    if config.reach != ZeroShotConfig.reach and config.penalty in ("none", "disagreement"):
        raise ValueError(f"reach is {config.reach}, but penalty is {config.penalty}; only a density reaches anywhere.")
    if not budget > 0 or (max_steps is not None and max_steps < 1):
        raise ValueError(f"budget is {budget} s and max_steps {max_steps}; both must be positive.")
    check_positive(config, ("num_envs", "episode", "repeat", "evaluate_every", "reach"))
    check_learner(config)
    check_buffer(config, config.num_envs)
    check_seed(config.seed)
    if config.repeat > config.episode:
        raise ValueError(
            f"repeat is {config.repeat}; an action cannot be held longer than an episode, {config.episode} steps."
        )
    check_at_least(0, warm_up=config.warm_up)
