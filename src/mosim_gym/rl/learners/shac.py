"""`Shac`: a short-horizon actor-critic, whose policy climbs the gradient of its return through the differentiable model.

    J(θ) = Σ_t γᵗ r(s_t, a_t) + γʰ V(s_h),    s_{t+1} = model(s_t, a_t),    a_t = tanh(μ_θ(s_t) + σ_θ ε_t)

Every h control steps θ moves along ∂J/∂θ, which is differentiated through the model, the reward and the policy. Then the critic V is
fitted to TD(λ) targets. Where an episode is cut short, V of its last state stands for the rest. Where tanh is flat no gradient comes back,
and the policy could not leave that region. So `saturation · Σ max(|μ| - 2, 0)²` is taken off each reward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.settings import Setting, setting
from mosim_gym.mechanics.threads import OneThread
from mosim_gym.mechanics.typed_torch import backward, from_numpy, optimiser_step, whole_numbers
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.base import Learner, LearnerConfig
from mosim_gym.rl.learners.networks import actor_network, actor_policy, critic_network
from mosim_gym.rl.learners.running_statistics import Normaliser
from mosim_gym.training.optimisers import optimiser_arrays, restore_optimisers

STEEP = 2.0
"""The argument of tanh up to which controls keep enough of their gradient."""
HOPELESS = 100
"""The number of updates in a row without a finite gradient that ends the training."""


@dataclass(frozen=True)
class ShacConfig(LearnerConfig):
    """All environments move `horizon` steps for each step of the actor. Then the critic passes `critic_passes` times over their states in
    `critic_batches` parts. Learning rates fall to a tenth over `decay` steps of the actor, or over the training if that is shorter. The
    target critic moves by the share `tau` towards the critic at each step of the actor.
    """

    algo: str = setting("shac", choices=("shac",))
    horizon: int = setting(16, above=0, most=1_000)  # control steps
    discount: float = setting(0.99, above=0, most=1)
    lam: float = setting(0.95, above=0, most=1)
    width: int = setting(128, above=0, most=16_384)
    actor_rate: float = setting(2e-3, above=0, most=1)
    critic_rate: float = setting(2e-3, above=0, most=1)
    critic_passes: int = setting(4, above=0, most=1_000)
    critic_batches: int = setting(4, above=0, most=1_000)
    tau: float = setting(0.8, above=0, most=1)
    decay: int = setting(5_000, above=0, most=10**9)
    first_log_std: float = setting(-1.0, least=-20, most=5)
    clip: float = setting(1.0, above=0, most=1_000_000)
    saturation: float = setting(0.01, least=0, most=1_000)


def _adam(parameters: Iterable[nn.Parameter], rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, lr=rate, betas=(0.7, 0.95), fused=True)


def td_lambda(rewards: list[Tensor], values: Tensor, ends: list[Tensor], *, discount: float, lam: float) -> Tensor:
    """Targets `(h, B)` of TD(λ): `G_t = r_t + γ ((1 - λ) V_{t+1} + λ G_{t+1})`, with V alone where an episode ended.

    `values (h, B)` are V of the states after each step.
    """
    ahead = values[-1]
    targets: list[Tensor] = []
    for reward, value, over in zip(reversed(rewards), values.flip(0), reversed(ends), strict=True):
        ahead = reward + discount * torch.where(over, value, (1 - lam) * value + lam * ahead)
        targets.append(ahead)
    return torch.stack(targets[::-1])


class Shac(Learner):
    """An actor with two hidden layers, a smooth critic, and running statistics of the observations."""

    config_type = ShacConfig
    needs_gradients = True
    summary = "short-horizon actor-critic: it climbs the gradient of its return through the model"

    def __init__(self, env: TorchEnv, config: ShacConfig, *, seed: int, folder: Path) -> None:
        """The networks are random. Nothing is written to `folder`."""
        self.env, self.config = env, config
        self._generator = Generator().manual_seed(seed)
        observation = env.reset(seed=seed).float()
        robot = env.task.robot
        low, high = (torch.as_tensor(side, dtype=torch.float32) for side in robot.control_range)
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        size = observation.shape[1]
        with initialised_by(seed):
            self.actor = actor_network(size, config.width, robot.nu)
            self.critic, self.target = critic_network(size, config.width), critic_network(size, config.width)
        self.target.load_state_dict(self.critic.state_dict())
        self.log_std = nn.Parameter(torch.full((robot.nu,), config.first_log_std))
        self._actor_parameters = [*self.actor.parameters(), self.log_std]
        self._actor_optimiser = _adam(self._actor_parameters, config.actor_rate)
        self._critic_optimiser = _adam(self.critic.parameters(), config.critic_rate)
        self.normaliser = Normaliser(size)
        self.normaliser.update(observation)
        self._updates: int = 0
        self._owed: int = 0  # control steps that were asked for, and are less than a horizon
        self._lost: int = 0  # updates in a row without a finite gradient

    @property
    def updates(self) -> int:
        """Steps of the actor so far."""
        return self._updates

    @property
    def least_steps(self) -> int:
        """Those of one update."""
        return self.config.horizon * self.env.repeat

    def learn(self, steps: int, progress: float = 0.0) -> None:
        """Train in whole horizons. Steps that make less than a horizon count in the next call."""
        self._owed += steps
        while self._owed >= self.least_steps:
            self.update(progress)
            self._owed -= self.least_steps

    def update(self, progress: float = 0.0) -> float:
        """Make one step of the actor and fit the critic. Returns the mean reward. At `progress` 1 learning rates are at a tenth."""
        with OneThread():
            return self._update(progress)

    def _update(self, progress: float) -> float:
        c, env = self.config, self.env
        slower = max(0.1, 1 - max(progress, self._updates / c.decay))
        for optimiser, rate in ((self._actor_optimiser, c.actor_rate), (self._critic_optimiser, c.critic_rate)):
            for group in optimiser.param_groups:
                group["lr"] = rate * slower
        env.detach()
        observation = env.observation().float()
        raw: list[Tensor] = []
        seen: list[Tensor] = []
        rewards: list[Tensor] = []
        reached: list[Tensor] = []
        worthless: list[Tensor] = []
        ends: list[Tensor] = []
        gain, discount = torch.zeros(()), torch.ones(env.num_envs)
        normalise = self.normaliser
        for t in range(c.horizon):
            x = normalise(observation)
            raw.append(observation.detach())
            seen.append(x.detach())
            wanted = self.actor(x)
            step = env.step(self._controls(wanted))
            excess = c.saturation * (wanted.abs() - STEEP).clamp(min=0).square().sum(1)
            observation = step.observation.float()
            last = step.final.float() if step.final is not None else observation
            nothing_beyond = step.terminated
            over = step.terminated | step.truncated
            gain = gain + (discount * (step.reward - excess)).sum()
            cut = over | (t == c.horizon - 1)
            if bool(cut.any()):
                value = self._value(normalise(last), nothing_beyond)
                gain = gain + (c.discount * discount * torch.where(cut, value, 0.0)).sum()
            discount = torch.where(over, 1.0, discount * c.discount)
            rewards.append(step.reward.detach().float())
            reached.append(normalise(last.detach()))
            worthless.append(nothing_beyond)
            ends.append(over)
        loss = -gain / (c.horizon * env.num_envs)
        self._actor_optimiser.zero_grad(set_to_none=True)
        backward(loss)
        norm = nn.utils.clip_grad_norm_(self._actor_parameters, c.clip, foreach=True)
        self._lost = 0 if bool(torch.isfinite(norm)) else self._lost + 1
        if not self._lost:
            optimiser_step(self._actor_optimiser)
        elif self._lost == HOPELESS:
            raise FloatingPointError(
                f"For {HOPELESS} updates no gradient through the model of {self.env.task.id()} was finite; training in it is impossible."
            )
        with torch.no_grad():
            values = self._value(torch.stack(reached), torch.stack(worthless))
        self._fit_critic(torch.stack(seen), td_lambda(rewards, values, ends, discount=c.discount, lam=c.lam))
        with torch.no_grad():
            for mine, theirs in zip(self.target.parameters(), self.critic.parameters(), strict=True):
                mine.lerp_(theirs, c.tau)
        normalise.update(torch.cat(raw))
        self._updates += 1
        return float(torch.stack(rewards).mean())

    def _value(self, seen: Tensor, nothing_beyond: Tensor) -> Tensor:
        """The target critic's value of whitened observations `(…, n)`; 0 where the task ended the episode."""
        return self.target(seen)[..., 0] * ~nothing_beyond

    def _controls(self, wanted: Tensor) -> Tensor:
        """Exploring controls `(B, nu)` around the actor's output `μ (B, nu)`."""
        noise = torch.randn(len(wanted), len(self.log_std), generator=self._generator)
        return self._middle + self._half * torch.tanh(wanted + self.log_std.exp() * noise)

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Exploring controls `(B, nu)` for observations `(B, n)`."""
        with torch.no_grad():
            return self._controls(self.actor(self.normaliser(from_numpy(observation)))).numpy()

    def _fit_critic(self, seen: Tensor, targets: Tensor) -> None:
        x, y = seen.flatten(0, 1), targets.flatten()
        for _ in range(self.config.critic_passes):
            for rows in torch.randperm(len(x), generator=self._generator).chunk(self.config.critic_batches):
                loss = (self.critic(x[rows])[:, 0] - y[rows]).square().mean()
                self._critic_optimiser.zero_grad(set_to_none=True)
                backward(loss)
                nn.utils.clip_grad_norm_(self.critic.parameters(), self.config.clip, foreach=True)
                optimiser_step(self._critic_optimiser)

    def policy(self, card: Mapping[str, Any]) -> ActorPolicy:
        """The actor without noise. The whitening of observations is folded into its first layer."""
        return actor_policy(self.actor, self.normaliser, self.env, card)

    def state(self) -> dict[str, np.ndarray]:
        """Networks, optimisers, statistics, environments, and the generator."""
        arrays: dict[str, Tensor] = {"log_std": self.log_std.detach()}
        arrays |= {"counts": torch.tensor([self._updates, self._owed, self._lost])}
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

        def under(prefix: str) -> dict[str, Tensor]:
            return {name[len(prefix) + 1 :]: value for name, value in found.items() if name.startswith(f"{prefix}/")}

        with torch.no_grad():
            self.log_std.copy_(found["log_std"])
        for name, network in self._networks().items():
            network.load_state_dict(under(name))
        restore_optimisers(self._optimisers(), arrays)
        n = self.normaliser
        n.mean, n.var, n.count = found["mean"], found["var"], float(found["count"])
        self.env.resume({name.removeprefix("env/"): part for name, part in arrays.items() if name.startswith("env/")})
        self._updates, self._owed, self._lost = whole_numbers(found["counts"])
        self._generator.set_state(found["generator"])

    @classmethod
    def title(cls, algo: str) -> str:
        """What it learns by, and its name."""
        return f"gradients ({algo.upper()})"

    @classmethod
    def defaults(cls, strategy: str, task: str) -> Mapping[str, Setting]:
        """Zero-shot training has more environments and fewer evaluations. On short branches the critic makes more passes."""
        if strategy == "zero-shot":
            return {"num_envs": 128, "evaluate_every": 400_000}
        return {"critic_passes": 8}

    def _networks(self) -> dict[str, nn.Module]:
        return {"actor": self.actor, "critic": self.critic, "target": self.target}

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"actor_optimiser": self._actor_optimiser, "critic_optimiser": self._critic_optimiser}
