"""`Learner`: the base class of algorithms that train a policy in a batch of environments, and the registry of learners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.registry import Registry
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.settings import Setting, check_settings
from mosim_gym.policies.actor import ActorPolicy

Array = np.ndarray


@dataclass(frozen=True)
class LearnerConfig(ChecksArguments):
    """The settings of a learner. A subclass adds its own, each with a default (`mechanics/settings.py`), and a default for `algo`."""

    algo: str = ""
    """The learner's name in the registry."""

    def __post_init__(self) -> None:
        """Raise for values that no learner could have."""
        check_settings(self)

    def check(self, num_envs: int) -> None:
        """Raise for settings that the learner cannot use in `num_envs` environments; by default it can use all."""


class Learner(ABC):
    """Trains a policy in a batch of environments.

    The strategy chooses their number, and where episodes begin and end.
    """

    config_type: ClassVar[type[LearnerConfig]]
    """The class of the learner's configuration."""

    needs_gradients: ClassVar[bool] = False
    """Whether rewards and states must be functions of the actions: `TorchEnv(gradients=True)`."""

    summary: ClassVar[str] = ""
    """What it learns by, in a few words."""

    env: TorchEnv
    """The environments in which the learner trains."""

    @property
    def least_steps(self) -> int:
        """The control steps of each environment after which the learner can have learned from all of them."""
        return 1

    @abstractmethod
    def __init__(self, env: TorchEnv, config: Any, *, seed: int, folder: Path) -> None:
        """The learner is untrained. It may write logs to `folder`."""

    @property
    @abstractmethod
    def updates(self) -> int:
        """Steps of the policy's optimiser so far."""

    @abstractmethod
    def learn(self, steps: int, progress: float = 0.0) -> None:
        """Train for `steps` control steps of each environment, on average over calls. `progress` is the share of the training that is
        over, from 0 to 1.
        """

    @abstractmethod
    def act(self, observation: Array) -> Array:
        """Exploring actions `(B, nu)` for observations `(B, n)`."""

    @abstractmethod
    def policy(self, card: Mapping[str, Any]) -> ActorPolicy:
        """The present policy, deterministic, with `card`."""

    @abstractmethod
    def state(self) -> dict[str, Array]:
        """All that further training depends on, with the state of the environments."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Inverse of `state`, for a learner made with the same arguments."""

    @classmethod
    def title(cls, algo: str) -> str:
        """What people are shown for it where it is registered as `algo`."""
        return algo.upper()

    @classmethod
    def defaults(cls, strategy: str, task: str) -> Mapping[str, Setting]:
        """Settings of `strategy` and of this learner that differ from the defaults for `task`, by name."""
        return {}


class Improver(Learner):
    """A learner that can begin with a policy."""

    @abstractmethod
    def begin_with(self, policy: ActorPolicy) -> None:
        """Take `policy` as the first one. The learner's configuration has the settings of `settings_for(policy)`."""

    @classmethod
    @abstractmethod
    def settings_for(cls, policy: ActorPolicy) -> Mapping[str, Setting]:
        """The learner's settings, by name, with which it begins with `policy`, in place of its defaults."""


LEARNERS: Registry[Learner] = Registry(
    "learner",
    "mosim_gym.learners",
    Learner,  # type: ignore[type-abstract]
    {
        "sac": "mosim_gym.rl.learners.off_policy:OffPolicy",
        "tqc": "mosim_gym.rl.learners.off_policy:OffPolicy",
        "shac": "mosim_gym.rl.learners.shac:Shac",
        "ppo": "mosim_gym.rl.learners.ppo:Ppo",
    },
    needs=("config_type",),
)


def learner_config(algo: str, **changes: Any) -> LearnerConfig:
    """The default configuration of the learner named `algo`, with `changes`."""
    return LEARNERS.find(algo).config_type(algo=algo, **changes)


def make_learner(env: TorchEnv, config: LearnerConfig, *, seed: int, folder: Path) -> Learner:
    """The learner of `config`, untrained."""
    return LEARNERS.find(config.algo)(env, config, seed=seed, folder=folder)


def check_held(config: Any, num_envs: int) -> None:
    """Raise if `config` is not a learner's configuration, or not a valid one."""
    if not isinstance(config, LearnerConfig):
        raise TypeError(f"learner is of {type(config).__name__}; it must be a LearnerConfig.")
    wanted = LEARNERS.find(config.algo).config_type
    if not isinstance(config, wanted):
        raise TypeError(f"learner is of {type(config).__name__}; {config.algo} needs a {wanted.__name__}.")
    config.check(num_envs)
