"""What a strategy asks of the algorithm that trains its policy, and the two kinds that there are: SB3's, and SHAC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.starts import ResetFrom
from mosim_gym.mechanics.storage import save_arrays
from mosim_gym.mechanics.threads import OneThread
from mosim_gym.rl.arithmetic import products
from mosim_gym.rl.learner import sb3_learner
from mosim_gym.rl.learner_settings import AnyLearnerConfig, LearnerConfig, ShacLearnerConfig
from mosim_gym.rl.policies import ActorPolicy, actor_of
from mosim_gym.rl.shac import Shac
from mosim_gym.rl.state import KIND, check_same_run, load_policy_run, load_run, save_run
from mosim_gym.rl.vec_env import MoSimVecEnv
from mosim_gym.training.state import restoring

Array = np.ndarray


class PolicyLearner(Protocol):
    """Trains a policy in branches of a model, which may change while it does."""

    @property
    def env(self) -> TorchEnv:
        """The environments it trains in."""
        ...

    @property
    def updates(self) -> int:
        """Gradient steps of the policy so far."""
        ...

    def learn(self, steps: int) -> None:
        """Train for about `steps` steps of all environments."""
        ...

    def act(self, observation: Array) -> Array:
        """Exploring actions `(B, nu)` for observations `(B, n)`."""
        ...

    def policy(self, card: dict[str, Any]) -> ActorPolicy:
        """What it has learned, deterministic."""
        ...

    def save(self, path: Path, record: dict[str, Any], more: Mapping[str, Array]) -> None:
        """Write all that further training depends on, with the strategy's own `record` and arrays."""
        ...

    def load(self, path: Path, expected: dict[str, Any]) -> dict[str, Any]:
        """Put back what `save` wrote and return its record; another run than `expected` is refused."""
        ...


class Sb3Policy:
    """SAC or TQC on `branches` episodes of `branch` steps that begin in `starts`, in the model `dynamics`."""

    def __init__(
        self,
        task: str,
        config: LearnerConfig,
        *,
        branches: int,
        branch: int,
        seed: int,
        dynamics: Any,
        starts: ResetFrom,
        folder: Path,
    ) -> None:
        """Random networks."""
        venv = MoSimVecEnv(
            task, branches, checkpoint=dynamics, max_episode_steps=branch, stagger=True, reset_from=starts
        )
        self.env = venv.torch
        self._model, self._products = sb3_learner(config, venv, folder, seed=seed), config.products

    @property
    def updates(self) -> int:
        """Gradient steps so far."""
        return int(self._model._n_updates)

    def learn(self, steps: int) -> None:
        """Train for `steps` steps of all environments."""
        with OneThread(), products(self._products):
            self._model.learn(self.env.num_envs * steps, reset_num_timesteps=False, log_interval=10**9)

    def act(self, observation: Array) -> Array:
        """Samples of the policy."""
        return self._model.predict(observation, deterministic=False)[0]

    def policy(self, card: dict[str, Any]) -> ActorPolicy:
        """The actor."""
        return actor_of(self._model, card)

    def save(self, path: Path, record: dict[str, Any], more: Mapping[str, Array]) -> None:
        """Write everything."""
        save_run(path, self._model, record, more)

    def load(self, path: Path, expected: dict[str, Any]) -> dict[str, Any]:
        """Inverse of `save`."""
        record = load_run(path, self._model, expected)
        assert record is not None
        return record


class ShacPolicy:
    """SHAC on as many branches."""

    def __init__(
        self,
        task: str,
        config: ShacLearnerConfig,
        *,
        branches: int,
        branch: int,
        seed: int,
        dynamics: Any,
        starts: ResetFrom,
        folder: Path,
    ) -> None:
        """Random networks; nothing is written to `folder`."""
        self._shac = Shac(
            task, config, num_envs=branches, episode=branch, seed=seed, starts=starts, checkpoint=dynamics
        )
        self.env = self._shac.env
        self._owed = 0  # steps that were asked for, and are less than a horizon

    @property
    def updates(self) -> int:
        """Steps of the actor so far."""
        return self._shac.updates

    def learn(self, steps: int) -> None:
        """Train for `steps` steps of all environments, in whole horizons: what is less than one is left to the next call."""
        self._owed += steps
        while self._owed >= self._shac.config.horizon:
            self._shac.update()
            self._owed -= self._shac.config.horizon

    def act(self, observation: Array) -> Array:
        """The actor with its noise."""
        return self._shac.act(observation)

    def policy(self, card: dict[str, Any]) -> ActorPolicy:
        """The actor without its noise."""
        policy = self._shac.policy()
        policy.card = card
        return policy

    def save(self, path: Path, record: dict[str, Any], more: Mapping[str, Array]) -> None:
        """Write everything."""
        arrays = {**self._shac.state(), **{f"more/{name}": part for name, part in more.items()}}
        arrays["owed"] = np.array(self._owed)
        save_arrays(path, KIND, arrays, {"record": record})

    def load(self, path: Path, expected: dict[str, Any]) -> dict[str, Any]:
        """Inverse of `save`."""
        arrays, header = load_policy_run(path)
        check_same_run(path, header["record"], expected)
        self._owed = int(arrays.pop("owed", np.array(0)).item())
        with restoring(path):
            self._shac.restore({name: part for name, part in arrays.items() if not name.startswith("more/")})
        return header["record"]


def policy_learner(
    task: str,
    config: AnyLearnerConfig,
    *,
    branches: int,
    branch: int,
    seed: int,
    dynamics: Any,
    starts: ResetFrom,
    folder: Path,
) -> PolicyLearner:
    """The learner that `config` is of."""
    how = {"branches": branches, "branch": branch, "seed": seed, "dynamics": dynamics, "starts": starts}
    if isinstance(config, ShacLearnerConfig):
        return ShacPolicy(task, config, **how, folder=folder)
    return Sb3Policy(task, config, **how, folder=folder)
