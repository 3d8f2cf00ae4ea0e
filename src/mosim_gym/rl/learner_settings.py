"""What learners of policies are set to: `LearnerConfig` of SB3's algorithms, `ShacLearnerConfig` of SHAC.

Every field is used by the learner that it belongs to; how many environments it learns in, where episodes begin and when they end is up to
the strategy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.rl.arithmetic import PRODUCTS
from mosim_gym.rl.flat_settings import check_positive

ALGORITHMS = ("sac", "tqc")
SHAC = "shac"
CRITICS = ("normed", "plain")


@dataclass(frozen=True)
class LearnerConfig:
    """SB3's algorithm `algo`: `updates` gradient steps follow each step of all environments.

    Networks have two hidden layers of `width` units; those of the critic are SB3's own if it is `plain`, else `normed`, with layer norms
    (`rl/critics.py`). Targets of the critic are the rewards of `horizon` steps and its own estimate after
    them; the target critic follows by `following` (SB3's `tau`) at each update. `entropy` is SB3's `ent_coef`: `auto`, or a number.
    `products` says in what the networks are multiplied.
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
    entropy: str = "auto"
    products: str = "bfloat16"


@dataclass(frozen=True)
class ShacLearnerConfig:
    """SHAC (`rl/shac.py`): all environments move `horizon` steps for each step of the actor, then the critic passes `critic_passes` times
    over those states in `critic_batches` parts.
    """

    algo: str = SHAC
    horizon: int = 16
    discount: float = 0.99
    lam: float = 0.95
    width: int = 128
    actor_rate: float = 2e-3
    critic_rate: float = 2e-3
    critic_passes: int = 4
    critic_batches: int = 4
    following: float = 0.8  # by which the target critic follows at each step of the actor
    decay: int = 5_000  # steps of the actor by which the learning rates have fallen to a tenth
    first_log_std: float = -1.0
    clip: float = 1.0
    saturation: float = 0.01


AnyLearnerConfig = LearnerConfig | ShacLearnerConfig


def learner_named(algo: str, *, like: AnyLearnerConfig, others: tuple[AnyLearnerConfig, ...]) -> AnyLearnerConfig:
    """`like` itself, with the algorithm `algo`; or, where that is of another kind, the one of `others` that can be it."""
    if algo not in (*ALGORITHMS, SHAC):
        raise UnknownName("algorithm", algo, [*ALGORITHMS, SHAC])
    kind = ShacLearnerConfig if algo == SHAC else LearnerConfig
    found = next(config for config in (like, *others) if isinstance(config, kind))
    return replace(found, algo=algo)


def check_held(config: Any) -> None:
    """Refuse, in one sentence, what is no learner's configuration, or one that no learner can be made with."""
    kinds = {kind: {item.name for item in fields(kind)} for kind in (LearnerConfig, ShacLearnerConfig)}
    if not any(isinstance(config, k) and {f.name for f in fields(config)} == names for k, names in kinds.items()):
        raise TypeError(
            f"learner is of {type(config).__name__}; a strategy holds a LearnerConfig (SAC and TQC) or a ShacLearnerConfig."
        )
    check_shac(config) if isinstance(config, ShacLearnerConfig) else check_learner(config)


def check_learner(config: LearnerConfig) -> None:
    """Refuse what SB3's off-policy algorithms cannot be made with."""
    check_positive(config, ("updates", "batch", "width", "rate", "horizon"))
    if config.algo not in ALGORITHMS:
        raise UnknownName("algorithm", config.algo, list(ALGORITHMS))
    if config.critic not in CRITICS:
        raise UnknownName("critic", config.critic, list(CRITICS))
    if config.products not in PRODUCTS:
        raise UnknownName("kind of products", config.products, list(PRODUCTS))
    _check_shares(config, ("discount", "following"))
    kind, _, number = config.entropy.partition("_") if config.entropy.startswith("auto") else ("", "", config.entropy)
    if kind not in ("", "auto") or not (_is_weight(number) or config.entropy == "auto"):
        raise ValueError(
            f"entropy is {config.entropy!r}; it is 'auto', 'auto_0.1' to begin with 0.1, or a number such as '0.05'."
        )


def check_buffer(config: LearnerConfig, num_envs: int) -> None:
    """Refuse a replay buffer that is too small for `num_envs` environments."""
    if config.buffer < max(num_envs * config.horizon, config.batch):
        raise ValueError(
            f"buffer is {config.buffer}; it must hold {config.horizon} steps of all environments, and a batch."
        )


def check_shac(config: ShacLearnerConfig) -> None:
    """Refuse what SHAC cannot be made with."""
    if config.algo != SHAC:
        raise ValueError(f"algo is {config.algo!r}; these are settings of SHAC, whose algo is {SHAC!r}.")
    check_positive(
        config,
        ("horizon", "width", "actor_rate", "critic_rate", "critic_passes", "critic_batches", "decay", "clip"),
    )
    _check_shares(config, ("discount", "lam", "following"))
    if not math.isfinite(config.first_log_std):
        raise ValueError(f"first_log_std is {config.first_log_std}; it must be finite.")
    if not 0 <= config.saturation < math.inf:
        raise ValueError(f"saturation is {config.saturation}; it may be neither negative nor infinite.")


def _check_shares(config: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if not 0 < getattr(config, name) <= 1:
            raise ValueError(f"{name} is {getattr(config, name)}; it must be above 0 and at most 1.")


def _is_weight(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False
