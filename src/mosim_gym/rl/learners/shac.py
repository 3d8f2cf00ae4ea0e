"""`Shac`: a short-horizon actor-critic, whose policy climbs the gradient of its return through the differentiable model.

    J(θ) = Σ_t γᵗ r(s_t, a_t) + γʰ V(s_h),    s_{t+1} = model(s_t, a_t),    a_t = tanh(μ_θ(s_t) + σ_θ ε_t)

Every h control steps θ moves along ∂J/∂θ, which is differentiated through the model, the reward and the policy. Then the critic V is
fitted to TD(λ) targets. Where an episode is cut short, V of its last state stands for the rest. Where tanh is flat no gradient comes back,
and the policy could not leave that region. So `saturation · Σ max(|μ| - 2, 0)²` is taken off each reward.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.settings import Setting, setting
from mosim_gym.mechanics.threads import OneThread
from mosim_gym.mechanics.typed_torch import backward, optimiser_step
from mosim_gym.rl.learners.actor_critic import ActorCritic
from mosim_gym.rl.learners.base import LearnerConfig

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
    critic_first: int = setting(0, least=0, most=1_000_000)  # updates in which the critic alone learns


@dataclass
class _Path:
    """What all environments met in one horizon, control step by control step."""

    gain: Tensor = field(default_factory=lambda: torch.zeros(()))
    """The sum of their discounted rewards and of what the critic promises beyond, differentiable."""
    raw: list[Tensor] = field(default_factory=list[Tensor])
    """Observations."""
    seen: list[Tensor] = field(default_factory=list[Tensor])
    """The same whitened."""
    rewards: list[Tensor] = field(default_factory=list[Tensor])
    reached: list[Tensor] = field(default_factory=list[Tensor])
    """Whitened observations after each step, the last of its episode where one ended."""
    worthless: list[Tensor] = field(default_factory=list[Tensor])
    """Whether the task ended the episode there."""
    ends: list[Tensor] = field(default_factory=list[Tensor])
    """Whether the episode ended there for any reason."""


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


class Shac(ActorCritic):
    """An actor with two hidden layers, a smooth critic, and running statistics of the observations."""

    config_type = ShacConfig
    needs_gradients = True
    summary = "short-horizon actor-critic: it climbs the gradient of its return through the model"

    def __init__(self, env: TorchEnv, config: ShacConfig, *, seed: int, folder: Path) -> None:
        """The networks are random. Nothing is written to `folder`."""
        super().__init__(env, config, seed=seed)
        self.target = copy.deepcopy(self.critic)
        self._actor_optimiser = _adam(self._actor_parameters, config.actor_rate)
        self._critic_optimiser = _adam(self.critic.parameters(), config.critic_rate)
        self._lost: int = 0  # updates in a row without a finite gradient

    def _learn_horizon(self, progress: float) -> None:
        self.update(progress)

    def update(self, progress: float = 0.0) -> float:
        """Make one step of the actor and fit the critic. Returns the mean reward. At `progress` 1 learning rates are at a tenth."""
        with OneThread():
            return self._update(progress)

    def _update(self, progress: float) -> float:
        c = self.config
        slower = max(0.1, 1 - max(progress, self._updates / c.decay))
        for optimiser, rate in ((self._actor_optimiser, c.actor_rate), (self._critic_optimiser, c.critic_rate)):
            for group in optimiser.param_groups:
                group["lr"] = rate * slower
        moving = self._updates >= c.critic_first
        with torch.set_grad_enabled(moving):
            path = self._path()
        if moving:
            self._climb(path.gain / (c.horizon * self.env.num_envs))
        with torch.no_grad():
            values = self._value(torch.stack(path.reached), torch.stack(path.worthless))
        targets = td_lambda(path.rewards, values, path.ends, discount=c.discount, lam=c.lam)
        self._fit_critic(torch.stack(path.seen), targets)
        with torch.no_grad():
            for mine, theirs in zip(self.target.parameters(), self.critic.parameters(), strict=True):
                mine.lerp_(theirs, c.tau)
        if moving:
            self.normaliser.update(torch.cat(path.raw))
        self._updates += 1
        return float(torch.stack(path.rewards).mean())

    def _path(self) -> _Path:
        """Move all environments by one horizon."""
        c, env, normalise = self.config, self.env, self.normaliser
        env.detach()
        observation = env.observation().float()
        path = _Path()
        discount = torch.ones(env.num_envs)
        for t in range(c.horizon):
            x = normalise(observation)
            path.raw.append(observation.detach())
            path.seen.append(x.detach())
            wanted = self.actor(x)
            step = env.step(self._controls(self._noisy(wanted)))
            excess = c.saturation * (wanted.abs() - STEEP).clamp(min=0).square().sum(1)
            observation = step.observation.float()
            last = step.final.float() if step.final is not None else observation
            over = step.terminated | step.truncated
            path.gain = path.gain + (discount * (step.reward - excess)).sum()
            cut = over | (t == c.horizon - 1)
            if bool(cut.any()):
                value = self._value(normalise(last), step.terminated)
                path.gain = path.gain + (c.discount * discount * torch.where(cut, value, 0.0)).sum()
            discount = torch.where(over, 1.0, discount * c.discount)
            path.rewards.append(step.reward.detach().float())
            path.reached.append(normalise(last.detach()))
            path.worthless.append(step.terminated)
            path.ends.append(over)
        return path

    def _climb(self, gain: Tensor) -> None:
        """One step of the actor along the gradient of `gain`, unless that is not finite."""
        self._actor_optimiser.zero_grad(set_to_none=True)
        backward(-gain)
        norm = nn.utils.clip_grad_norm_(self._actor_parameters, self.config.clip, foreach=True)
        self._lost = 0 if bool(torch.isfinite(norm)) else self._lost + 1
        if not self._lost:
            optimiser_step(self._actor_optimiser)
        elif self._lost == HOPELESS:
            raise FloatingPointError(
                f"For {HOPELESS} updates no gradient through the model of {self.env.task.id()} was finite; training in it is impossible."
            )

    def _value(self, seen: Tensor, nothing_beyond: Tensor) -> Tensor:
        """The target critic's value of whitened observations `(…, n)`; 0 where the task ended the episode."""
        return self.target(seen)[..., 0] * ~nothing_beyond

    def _fit_critic(self, seen: Tensor, targets: Tensor) -> None:
        x, y = seen.flatten(0, 1), targets.flatten()
        for _ in range(self.config.critic_passes):
            for rows in torch.randperm(len(x), generator=self._generator).chunk(self.config.critic_batches):
                loss = (self.critic(x[rows])[:, 0] - y[rows]).square().mean()
                self._critic_optimiser.zero_grad(set_to_none=True)
                backward(loss)
                nn.utils.clip_grad_norm_(self.critic.parameters(), self.config.clip, foreach=True)
                optimiser_step(self._critic_optimiser)

    def state(self) -> dict[str, np.ndarray]:
        """With the number of updates in a row that were lost."""
        arrays = super().state()
        return arrays | {"counts": np.append(arrays["counts"], self._lost)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Inverse of `state`, for an object made with the same arguments."""
        super().restore(arrays)
        self._lost = int(arrays["counts"][2])

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
        return {**super()._networks(), "target": self.target}
