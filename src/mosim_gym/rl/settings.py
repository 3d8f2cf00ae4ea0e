"""`ZeroShotConfig`: every choice of zero-shot training, its defaults for each task, and settings as people type them.

`LearnerConfig` is what it shares with the other strategies: the off-policy learner of the policy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import check_at_least, check_seed
from mosim_gym.robots import find_task
from mosim_gym.truth.options import EPISODE_STEPS

ALGORITHMS = ("sac", "tqc")
CRITICS = ("normed", "plain")
PENALTIES = ("none", "density", "disagreement")
ENDS = ("box", "edge", "finite")


@dataclass(frozen=True)
class LearnerConfig:
    """SB3's algorithm `algo`: `updates` gradient steps follow each step of all environments.

    Networks have two hidden layers of `width` units; those of the critic are SB3's own if it is `plain`, else `normed`, with layer norms
    (`rl/critics.py`). Targets of the critic are the rewards of `horizon` steps and its own estimate after
    them; the target critic follows by `following` (SB3's `tau`) at each update.
    """

    algo: str = "sac"
    updates: int = 8
    batch: int = 256
    width: int = 256
    critic: str = "normed"
    rate: float = 1e-3
    horizon: int = 3
    discount: float = 0.99
    following: float = 0.005
    buffer: int = 1_000_000
    seed: int = 0


@dataclass(frozen=True)
class ZeroShotConfig(LearnerConfig):
    """How a policy is trained in `num_envs` environments of the model.

    Episodes of training last `episode` steps. A share `wide` of them starts spread over all that the robot can do, as its `Coverage` says,
    a share `promising` in those of such states from which reward is near, and the others where the task's do. Evaluations have the task's
    own starts and 1,000 steps.

    In training each action is held for `repeat` control steps, and the reward is their mean; `discount` and `horizon` are of such longer
    steps. Evaluations, and whoever uses the policy, ask it at every control step.

    `entropy` is SB3's `ent_coef`: `auto`, or a number. `products` says in what the learner's networks are multiplied, `precision` in what
    the model's are.

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
    entropy: str = "auto"
    penalty: str = "none"
    reach: float = 1.0
    ends: str = "box"
    warm_up: int = 10_000  # steps of random controls before the first update
    evaluate_every: int = 100_000  # control steps in the model
    precision: str = "float32"
    products: str = "bfloat16"


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


def with_options(settings: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Settings that were typed, and options that have a name of their own, None being none; one of the two is enough for each."""
    twice = next((name for name in options if name in settings), None)
    if twice is not None:
        raise ValueError(f"{twice} is no setting but an option: give it as --{twice}.")
    return {**{name: value for name, value in options.items() if value is not None}, **settings}


def check_names(changes: Iterable[str], of: type) -> None:
    """Refuse what is no field of the configuration `of`."""
    valid = [item.name for item in fields(of)]
    for name in changes:
        if name not in valid:
            raise _unknown(name, valid)


def _unknown(name: str, valid: Sequence[str]) -> UnknownName:
    others = [item.name for item in fields(ZeroShotConfig)]
    hint = "It is a setting of zero-shot training by SAC and TQC." if name in others else ""
    return UnknownName("training option", name, valid, hint=hint)


def check_kinds(config: Any) -> None:
    """Refuse a field that is of another kind than its default."""
    for item in fields(config):
        value, kind = getattr(config, item.name), type(item.default)
        fits = (int, float) if kind is float else kind
        if not isinstance(value, fits) or isinstance(value, bool):
            raise TypeError(f"{item.name} is {value!r}; it needs {_KINDS[kind]}, such as {item.default}.")


_KINDS: dict[type, str] = {int: "a whole number", float: "a number", str: "a name"}


def as_changes(assignments: Sequence[str], of: type = ZeroShotConfig) -> dict[str, Any]:
    """`["updates=16", "rate=3e-4"]` as fields of a configuration with their values, each of its field's type."""
    changes: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        valid = [item.name for item in fields(of)]
        if not equals:
            raise ValueError(
                f"{assignment!r} sets no training option: write name=value. Valid names: {', '.join(valid)}."
            )
        if name not in valid:
            raise _unknown(name, valid)
        default = getattr(of, name)
        try:
            changes[name] = type(default)(text)
        except ValueError:
            raise ValueError(f"{assignment!r}: {name} needs {_KINDS[type(default)]}, such as {default}.") from None
    return changes


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
    check_learner(config, config.num_envs)
    if config.repeat > config.episode:
        raise ValueError(
            f"repeat is {config.repeat}; an action cannot be held longer than an episode, {config.episode} steps."
        )
    check_at_least(0, warm_up=config.warm_up)
    kind, _, number = config.entropy.partition("_") if config.entropy.startswith("auto") else ("", "", config.entropy)
    if kind not in ("", "auto") or not (_is_weight(number) or config.entropy == "auto"):
        raise ValueError(
            f"entropy is {config.entropy!r}; it is 'auto', 'auto_0.1' to begin with 0.1, or a number such as '0.05'."
        )


def _is_weight(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False


def check_positive(config: Any, names: Sequence[str]) -> None:
    """Refuse a field that is not a positive, finite number."""
    for name in names:
        if not 0 < getattr(config, name) < math.inf:
            raise ValueError(f"{name} is {getattr(config, name)}; it must be positive and finite.")


def check_learner(config: LearnerConfig, num_envs: int, *, also: Sequence[str] = ()) -> None:
    """Refuse what SB3's off-policy algorithms cannot be made with; `also` are further algorithms to let pass."""
    check_positive(config, ("updates", "batch", "width", "rate", "horizon"))
    if config.algo not in (*ALGORITHMS, *also):
        raise UnknownName("algorithm", config.algo, [*ALGORITHMS, *also])
    if config.critic not in CRITICS:
        raise UnknownName("critic", config.critic, list(CRITICS))
    if config.buffer < max(num_envs * config.horizon, config.batch):
        raise ValueError(
            f"buffer is {config.buffer}; it must hold {config.horizon} steps of all environments, and a batch."
        )
    for name in ("discount", "following"):
        if not 0 < getattr(config, name) <= 1:
            raise ValueError(f"{name} is {getattr(config, name)}; it must be above 0 and at most 1.")
    check_seed(config.seed)
