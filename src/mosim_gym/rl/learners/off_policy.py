"""`OffPolicy`: SAC and TQC, Stable-Baselines3's own, unmodified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mosim_gym.adapters.vec_env import MoSimVecEnv
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.settings import Setting, setting
from mosim_gym.mechanics.threads import OneThread
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners import sb3_internals
from mosim_gym.rl.learners.arithmetic import PRECISIONS, matmul_precision
from mosim_gym.rl.learners.base import Learner, LearnerConfig
from mosim_gym.rl.learners.off_policy_tasks import AS_SB3_HAS_IT, ON_BRANCHES, TASKS
from mosim_gym.rl.learners.sb3_internals import actor_of

Array = np.ndarray
LARGEST_WEIGHT = 1_000.0
"""Of the entropy, beside rewards of at most 1 a step."""


@dataclass(frozen=True)
class OffPolicyConfig(LearnerConfig):
    """SB3's algorithm `algo`: `updates` gradient steps follow each step of all environments.

    Networks see `whitened` observations (`observations.py`), or `plain` ones, as the environments give them.

    Networks have two hidden layers of `width` units. A `plain` critic has SB3's own networks, a `normed` one has layer norms
    (`critics.py`). Targets of the critic are the rewards of `n_step` steps and the critic's own estimate after them. The target
    critic moves by the share `tau` towards the critic at each update. `entropy` is SB3's `ent_coef`: `auto`, or a number.
    """

    algo: str = setting("sac", choices=("sac", "tqc"))
    updates: int = setting(8, above=0, most=1_000)
    batch: int = setting(256, above=0, most=1_000_000)
    width: int = setting(256, above=0, most=16_384)
    observations: str = setting("whitened", choices=("whitened", "plain"))
    critic: str = setting("normed", choices=("normed", "plain"))
    rate: float = setting(1e-3, above=0, most=1)
    n_step: int = setting(3, above=0, most=1_000)
    discount: float = setting(0.99, above=0, most=1)
    tau: float = setting(0.005, above=0, most=1)
    buffer: int = setting(1_000_000, above=0)  # transitions, as many as the machine has memory for
    entropy: str = "auto"
    warm_up: int = setting(10_000, least=0, most=10**9)  # steps of random controls before the first update
    matmul_precision: str = setting("bfloat16", choices=tuple(PRECISIONS))

    def __post_init__(self) -> None:
        """Raise for values that no learner could have, such as an `entropy` that SB3 cannot read."""
        super().__post_init__()
        prefix, _, number = self.entropy.partition("_") if self.entropy.startswith("auto") else ("", "", self.entropy)
        if prefix not in ("", "auto") or not (_is_weight(number) or self.entropy == "auto"):
            raise ValueError(
                f"entropy is {self.entropy!r}; it is 'auto', 'auto_0.1' to begin with 0.1, or a number such as '0.05', at most "
                f"{LARGEST_WEIGHT:,g}."
            )

    def check(self, num_envs: int) -> None:
        """Check that the buffer holds what an update needs."""
        if self.buffer < max(num_envs * self.n_step, self.batch):
            raise ValueError(
                f"buffer is {self.buffer}; it must hold {self.n_step} steps of all environments, and a batch."
            )


class OffPolicy(Learner):
    """SAC or TQC with the settings of `config`, and SB3's own defaults for the rest."""

    config_type = OffPolicyConfig
    summary = "Stable-Baselines3's, unmodified: it tries things out, and learns from all that it has tried"

    def __init__(self, env: TorchEnv, config: OffPolicyConfig, *, seed: int, folder: Path) -> None:
        """SB3 logs to TensorBoard in `folder/tensorboard`."""
        self.env, self.config = env, config
        self.model = sb3_internals.made(config, MoSimVecEnv(env), folder, seed=seed)
        self._owed = 0  # control steps that were asked for, and are less than an action is held

    @property
    def updates(self) -> int:
        """Gradient steps so far."""
        return sb3_internals.updates(self.model)

    def learn(self, steps: int, progress: float = 0.0) -> None:
        """Train. Rates are constant, so `progress` has no effect. A held action counts as all its control steps."""
        longer, self._owed = divmod(self._owed + steps, self.env.repeat)
        if not longer:
            return
        with OneThread(), matmul_precision(self.config.matmul_precision):  # networks this small gain nothing from more
            self.model.learn(self.env.num_envs * longer, reset_num_timesteps=False, log_interval=10**9)

    def act(self, observation: Array) -> Array:
        """Samples of the policy."""
        return self.model.predict(observation, deterministic=False)[0]

    def policy(self, card: Mapping[str, Any]) -> ActorPolicy:
        """The mean of the actor."""
        return actor_of(self.model, card)

    def state(self) -> dict[str, Array]:
        """Networks, optimisers, replay buffer, environments, and all random generators that SB3 uses."""
        env = {f"env/{name}": part for name, part in self.env.snapshot().items()}
        return {**sb3_internals.state(self.model), "owed": np.array(self._owed), **env}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Inverse of `state`."""
        sb3_internals.restore(self.model, arrays)
        self._owed = int(arrays["owed"])
        self.env.resume({name.removeprefix("env/"): part for name, part in arrays.items() if name.startswith("env/")})

    @classmethod
    def defaults(cls, strategy: str, task: str) -> Mapping[str, Setting]:
        """The task's settings for zero-shot training, and SB3's own on the real task.

        In a model that changes the buffer is small, so that old predictions leave it.
        """
        known = {"zero-shot": TASKS.get(task, {}), "real-task": AS_SB3_HAS_IT}
        return known.get(strategy, ON_BRANCHES)


def _is_weight(text: str) -> bool:
    try:
        return 0 <= float(text) <= LARGEST_WEIGHT
    except ValueError:
        return False
