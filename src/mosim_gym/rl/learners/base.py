"""`Learner`: the base class of every algorithm that trains a policy in a batch of environments, and the registry of learners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.registry import Registry
from mosim_gym.mechanics.renamed import KnowsOldNames
from mosim_gym.mechanics.settings import Setting, check_settings
from mosim_gym.policies.actor import ActorPolicy

Array = np.ndarray


@dataclass(frozen=True)
class LearnerConfig(KnowsOldNames):
    """What a learner is set to. A subclass adds its settings, each with a default (`mechanics/settings.py`), and one for `algo`."""

    algo: str = ""
    """The learner's name in the registry."""

    def check(self, num_envs: int) -> None:
        """Raise, in one sentence, for settings that cannot be learned with in `num_envs` environments."""
        check_settings(self)


class Learner(ABC):
    """Trains a policy in the environments it is given.

    How many these are, where episodes begin and when they end is the strategy's choice.
    """

    config_type: ClassVar[type[LearnerConfig]]
    """The configuration it is made with."""

    needs_gradients: ClassVar[bool] = False
    """Whether rewards and states must be functions of the actions: `TorchEnv(gradients=True)`."""

    summary: ClassVar[str] = ""
    """What it learns by, in a few words."""

    env: TorchEnv
    """The environments it trains in."""

    @abstractmethod
    def __init__(self, env: TorchEnv, config: Any, *, seed: int, folder: Path) -> None:
        """Untrained; logs may go to `folder`."""

    @property
    @abstractmethod
    def updates(self) -> int:
        """Steps of the policy's optimiser so far."""

    @abstractmethod
    def learn(self, steps: int, progress: float = 0.0) -> None:
        """Train for `steps` control steps of each environment, on average over calls; `progress` is how much of the training is over,
        from 0 to 1.
        """

    @abstractmethod
    def act(self, observation: Array) -> Array:
        """Exploring actions `(B, nu)` for observations `(B, n)`."""

    @abstractmethod
    def policy(self, card: Mapping[str, Any]) -> ActorPolicy:
        """What it has learned, deterministic."""

    @abstractmethod
    def state(self) -> dict[str, Array]:
        """All that further training depends on, the environments included."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Inverse of `state`, for a learner made with the same arguments."""

    @classmethod
    def title(cls, algo: str) -> str:
        """What people are shown for it where it is registered as `algo`."""
        return algo.upper()

    @classmethod
    def defaults(cls, strategy: str, task: str) -> Mapping[str, Setting]:
        """What `strategy` is set to with this learner and `task`, by the names of settings, its own and the learner's."""
        return {}


LEARNERS: Registry[Learner] = Registry(
    "learner",
    "mosim_gym.learners",
    Learner,  # type: ignore[type-abstract]
    {
        "sac": "mosim_gym.rl.learners.off_policy:OffPolicy",
        "tqc": "mosim_gym.rl.learners.off_policy:OffPolicy",
        "shac": "mosim_gym.rl.learners.shac:Shac",
    },
    needs=("config_type",),
)


def learner_config(algo: str, **changes: Any) -> LearnerConfig:
    """The default configuration of the learner named `algo`, with fields changed."""
    return LEARNERS.find(algo).config_type(algo=algo, **changes)


def make_learner(env: TorchEnv, config: LearnerConfig, *, seed: int, folder: Path) -> Learner:
    """The learner that `config` is of, untrained."""
    return LEARNERS.find(config.algo)(env, config, seed=seed, folder=folder)


def check_held(config: Any, num_envs: int) -> None:
    """Raise, in one sentence, for what is no learner's configuration, or one that no learner can be made with."""
    if not isinstance(config, LearnerConfig):
        raise TypeError(f"learner is of {type(config).__name__}; a strategy holds a LearnerConfig.")
    wanted = LEARNERS.find(config.algo).config_type
    if not isinstance(config, wanted):
        raise TypeError(f"learner is of {type(config).__name__}; {config.algo} has a {wanted.__name__}.")
    config.check(num_envs)
