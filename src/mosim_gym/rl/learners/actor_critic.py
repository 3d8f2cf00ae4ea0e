"""`ActorCritic`: what learners share that have an actor under tanh and a critic, and that learn after every horizon of control steps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.settings import Setting
from mosim_gym.mechanics.typed_torch import from_numpy, whole_numbers
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.base import Improver
from mosim_gym.rl.learners.networks import actor_network, actor_policy, critic_network, take_policy
from mosim_gym.rl.learners.running_statistics import Normaliser
from mosim_gym.training.optimisers import optimiser_arrays, restore_optimisers

LOOKED = 1000
"""Control steps of each environment from which the statistics of a policy's observations are taken: those of an episode."""


class ActorCritic(Improver):
    """An actor with two hidden layers, a critic of the same size, and running statistics of the observations.

    A subclass makes `_actor_optimiser` and `_critic_optimiser`, and defines `_learn_horizon`, in whose first `critic_first` calls the actor
    stays as it is.
    """

    config: Any
    _actor_optimiser: torch.optim.Optimizer
    _critic_optimiser: torch.optim.Optimizer

    def __init__(self, env: TorchEnv, config: Any, *, seed: int) -> None:
        """The networks are random. `config` has `horizon`, `width`, `first_log_std` and `critic_first`."""
        self.env, self.config = env, config
        self._generator = Generator().manual_seed(seed)
        observation = env.reset(seed=seed).float()
        robot = env.task.robot
        low, high = (torch.as_tensor(side, dtype=torch.float32) for side in robot.control_range)
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        size = observation.shape[1]
        with initialised_by(seed):
            self.actor, self.critic = actor_network(size, config.width, robot.nu), critic_network(size, config.width)
        self.log_std = nn.Parameter(torch.full((robot.nu,), config.first_log_std))
        self._actor_parameters = [*self.actor.parameters(), self.log_std]
        self.normaliser = Normaliser(size)
        self.normaliser.update(observation)
        self._updates: int = 0
        self._owed: int = 0  # control steps that were asked for, and are less than a horizon

    @abstractmethod
    def _learn_horizon(self, progress: float) -> None:
        """Move all environments by one horizon, learn from it, and count that in `_updates`."""

    @property
    def updates(self) -> int:
        """Horizons learned from so far."""
        return self._updates

    @property
    def least_steps(self) -> int:
        """Those of one horizon."""
        return self.config.horizon * self.env.repeat

    def learn(self, steps: int, progress: float = 0.0) -> None:
        """Train in whole horizons. Steps that make less than a horizon count in the next call."""
        self._owed += steps
        while self._owed >= self.least_steps:
            self._learn_horizon(progress)
            self._owed -= self.least_steps

    def _noisy(self, wanted: Tensor) -> Tensor:
        """The actor's outputs `(B, nu)` with the noise of exploration, before tanh."""
        return wanted + self.log_std.exp() * torch.randn(wanted.shape, generator=self._generator)

    def _controls(self, noisy: Tensor) -> Tensor:
        """Controls `(B, nu)` of outputs before tanh."""
        return self._middle + self._half * torch.tanh(noisy)

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Exploring controls `(B, nu)` for observations `(B, n)`."""
        with torch.no_grad():
            return self._controls(self._noisy(self.actor(self.normaliser(from_numpy(observation))))).numpy()

    def policy(self, card: Mapping[str, Any]) -> ActorPolicy:
        """The actor without noise. The whitening of observations is folded into its first layer."""
        return actor_policy(self.actor, self.normaliser, self.env, card)

    def begin_with(self, policy: ActorPolicy) -> None:
        """Take `policy` as the actor. It acts for `LOOKED` control steps, which give the statistics of its observations."""
        shapes = [tuple(layer.weight.shape) for layer in self.actor if isinstance(layer, nn.Linear)]
        found = [weight.shape for weight, _ in policy.layers]
        if found != shapes:
            raise ValueError(
                f"The policy to begin with has layers of {_sizes(found)}; {self.env.task.id()} with width={self.config.width} needs "
                f"{_sizes(shapes)}."
            )
        with torch.no_grad():
            for _ in range(LOOKED):
                action, _ = policy.predict(self.env.observation().numpy())
                self.normaliser.update(self.env.step(from_numpy(action)).observation.float())
        take_policy(self.actor, self.normaliser, policy)

    @classmethod
    def settings_for(cls, policy: ActorPolicy) -> Mapping[str, Setting]:
        """As wide as `policy`. It explores little, moves slowly, and does not move before the critic knows what it is worth."""
        width = len(policy.layers[0][1])
        return {"width": width, "first_log_std": -2.0, "actor_rate": 5e-4, "critic_rate": 1e-3, "critic_first": 50}

    def state(self) -> dict[str, np.ndarray]:
        """Networks, optimisers, statistics, environments, and the generator."""
        arrays: dict[str, Tensor] = {"log_std": self.log_std.detach()}
        arrays["counts"] = torch.tensor([self._updates, self._owed])
        for name, network in self._networks().items():
            arrays |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
        n = self.normaliser
        arrays |= {"mean": n.mean, "var": n.var, "count": torch.tensor(n.count, dtype=torch.float64)}
        arrays["generator"] = self._generator.get_state()
        mine = {name: value.detach().numpy().copy() for name, value in arrays.items()}
        mine |= optimiser_arrays(self._optimisers())
        return mine | {f"env/{name}": part for name, part in self.env.snapshot().items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Inverse of `state`, for an object made with the same arguments."""
        found = {name: from_numpy(np.array(value)) for name, value in arrays.items()}
        with torch.no_grad():
            self.log_std.copy_(found["log_std"])
        for name, network in self._networks().items():
            network.load_state_dict({key: found[f"{name}/{key}"] for key in network.state_dict()})
        restore_optimisers(self._optimisers(), arrays)
        n = self.normaliser
        n.mean, n.var, n.count = found["mean"], found["var"], float(found["count"])
        self.env.resume({name.removeprefix("env/"): part for name, part in arrays.items() if name.startswith("env/")})
        self._updates, self._owed = whole_numbers(found["counts"])[:2]
        self._generator.set_state(found["generator"])

    def _networks(self) -> dict[str, nn.Module]:
        return {"actor": self.actor, "critic": self.critic}

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"actor_optimiser": self._actor_optimiser, "critic_optimiser": self._critic_optimiser}


def _sizes(shapes: Iterable[tuple[int, ...]]) -> str:
    """Shapes of layers in words: `24 x 256, 256 x 256, 256 x 6`, inputs first."""
    return ", ".join(f"{inputs} x {outputs}" for outputs, inputs in shapes)
