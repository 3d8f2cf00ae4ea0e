"""`Ppo`: proximal policy optimisation in thousands of environments at once.

Each update has all environments move h control steps under the present policy π_old. Advantages A are generalised ones (GAE), with V of the
state that was reached where an episode was cut short. Then the actor climbs, in several passes over these states,

    mean min(ρ A, clip(ρ, 1 - ε, 1 + ε) A) + η H(π),    ρ = π(a | s) / π_old(a | s)

and the critic V is fitted to A + V_old. The actor's learning rate rises and falls so that π moves by about `kl` nats in each update.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.settings import Setting, setting
from mosim_gym.mechanics.typed_torch import backward, optimiser_step
from mosim_gym.rl.learners.actor_critic import ActorCritic
from mosim_gym.rl.learners.base import LearnerConfig

FASTER = 1.5
"""The actor's learning rate changes by this factor where its policy moved too far, or not half as far as it should."""
SLOWEST, FASTEST = 1e-5, 1e-2


@dataclass(frozen=True)
class PpoConfig(LearnerConfig):
    """All environments move `horizon` steps for each update, which passes `passes` times over their states in `batches` parts.

    `clip_ratio` is ε, `entropy` is η, and `kl` in nats is what an update should move the policy by. The critic's rate falls to a tenth over
    the training.
    """

    algo: str = setting("ppo", choices=("ppo",))
    horizon: int = setting(32, above=0, most=10_000)  # control steps
    discount: float = setting(0.99, above=0, most=1)
    lam: float = setting(0.95, above=0, most=1)
    width: int = setting(256, above=0, most=16_384)
    actor_rate: float = setting(5e-4, above=0, most=1)
    critic_rate: float = setting(1e-3, above=0, most=1)
    passes: int = setting(4, above=0, most=1_000)
    batches: int = setting(8, above=0, most=100_000)
    clip_ratio: float = setting(0.2, above=0, below=1)
    entropy: float = setting(0.0, least=0, most=1_000)
    kl: float = setting(0.01, above=0, most=1_000)
    first_log_std: float = setting(-0.5, least=-20, most=5)
    clip: float = setting(1.0, above=0, most=1_000_000)
    critic_first: int = setting(0, least=0, most=1_000_000)  # updates in which the critic alone learns


class _Experience(NamedTuple):
    """What an update learns from, each `(N, …)`."""

    seen: Tensor
    """Whitened observations."""
    mean: Tensor
    """The actor's outputs then."""
    taken: Tensor
    """The outputs with noise, before tanh."""
    log_density: Tensor
    """Of these, as likely as they were then."""
    advantage: Tensor
    target: Tensor
    """The critic's."""


def advantages(
    rewards: Tensor, values: Tensor, reached: Tensor, ends: Tensor, *, discount: float, lam: float
) -> Tensor:
    """`A_t = δ_t + γ λ A_{t+1}`, `δ_t = r_t + γ V(s_{t+1}) - V(s_t)`, all `(h, B)`; nothing is added from beyond the `ends` of episodes.

    `reached` are the values of the states after each step, 0 where the task ended the episode.
    """
    change = rewards + discount * reached - values
    found: list[Tensor] = []
    ahead = torch.zeros_like(rewards[0])
    for delta, over in zip(reversed(change), reversed(ends), strict=True):
        ahead = delta + discount * lam * torch.where(over, 0.0, ahead)
        found.append(ahead)
    return torch.stack(found[::-1])


class Ppo(ActorCritic):
    """An actor with two hidden layers, a critic of the same size, and running statistics of the observations."""

    config_type = PpoConfig
    summary = "proximal policy optimisation in thousands of environments of the model at once"

    def __init__(self, env: TorchEnv, config: PpoConfig, *, seed: int, folder: Path) -> None:
        """The networks are random. Nothing is written to `folder`."""
        super().__init__(env, config, seed=seed)
        with torch.no_grad():
            last = self.actor[-1]
            assert isinstance(last, nn.Linear)
            last.weight.mul_(0.01)  # the first policy is the same everywhere
        self._actor_optimiser = torch.optim.Adam(self._actor_parameters, lr=config.actor_rate, fused=True)
        self._critic_optimiser = torch.optim.Adam(self.critic.parameters(), lr=config.critic_rate, fused=True)
        self._rate = config.actor_rate

    def _learn_horizon(self, progress: float) -> None:
        self._improve(self._experience(), progress)
        self._updates += 1

    @torch.no_grad()
    def _experience(self) -> _Experience:
        """Move all environments by one horizon."""
        c, env, normalise = self.config, self.env, self.normaliser
        observation = env.observation()
        raw: list[Tensor] = []
        columns: list[tuple[Tensor, ...]] = []
        for _ in range(c.horizon):
            seen = normalise(observation)
            mean = self.actor(seen)
            taken = self._noisy(mean)
            step = env.step(self._controls(taken))
            last = step.final if step.final is not None else step.observation
            reached = self._value(normalise(last)) * ~step.terminated
            over = step.terminated | step.truncated
            raw.append(observation)
            columns.append((seen, mean, taken, self._log_density(taken, mean), step.reward, reached, over))
            observation = step.observation
        seen, mean, taken, log_density, rewards, reached, ends = (torch.stack(c) for c in zip(*columns, strict=True))
        values = self._value(seen)
        advantage = advantages(rewards, values, reached, ends, discount=c.discount, lam=c.lam)
        target = advantage + values
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        if self._updates >= c.critic_first:
            normalise.update(torch.cat(raw))
        parts = (seen, mean, taken, log_density, advantage, target)
        return _Experience(*(part.flatten(0, 1) for part in parts))

    def _improve(self, data: _Experience, progress: float) -> None:
        """Pass over the experience several times."""
        c, old_log_std = self.config, self.log_std.detach().clone()
        for group in self._critic_optimiser.param_groups:
            group["lr"] = c.critic_rate * max(0.1, 1 - progress)
        for _ in range(c.passes):
            for rows in torch.randperm(len(data.seen), generator=self._generator).chunk(c.batches):
                batch = _Experience(*(part[rows] for part in data))
                error = (self._value(batch.seen) - batch.target).square().mean()
                self._step(self._critic_optimiser, list(self.critic.parameters()), error)
                if self._updates < c.critic_first:
                    continue
                mean = self.actor(batch.seen)
                self._pace(_divergence(batch.mean, old_log_std, mean.detach(), self.log_std.detach()))
                ratio = (self._log_density(batch.taken, mean) - batch.log_density).exp()
                held = ratio.clamp(1 - c.clip_ratio, 1 + c.clip_ratio)
                gain = torch.minimum(ratio * batch.advantage, held * batch.advantage).mean()
                gain = gain + c.entropy * self.log_std.sum()  # the entropy, but for a constant
                self._step(self._actor_optimiser, self._actor_parameters, -gain)

    def _pace(self, moved: float) -> None:
        """Slow down where the policy has `moved` too far, in nats; hurry where it has hardly moved."""
        wanted = self.config.kl
        if moved > 2 * wanted:
            self._rate = max(SLOWEST, self._rate / FASTER)
        elif moved < wanted / 2:
            self._rate = min(FASTEST, self._rate * FASTER)
        for group in self._actor_optimiser.param_groups:
            group["lr"] = self._rate

    def _step(self, optimiser: torch.optim.Optimizer, parameters: list[nn.Parameter], loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        backward(loss)
        norm = nn.utils.clip_grad_norm_(parameters, self.config.clip, foreach=True)
        if bool(torch.isfinite(norm)):
            optimiser_step(optimiser)

    def _log_density(self, taken: Tensor, mean: Tensor) -> Tensor:
        """Of the outputs before tanh, `(…,)`. The slope of tanh is the same for both policies of a ratio."""
        scaled = (taken - mean) / self.log_std.exp()
        return -0.5 * scaled.square().sum(-1) - self.log_std.sum() - 0.5 * taken.shape[-1] * math.log(2 * math.pi)

    def _value(self, seen: Tensor) -> Tensor:
        """The critic's value of whitened observations `(…, n)`."""
        return self.critic(seen)[..., 0]

    def state(self) -> dict[str, np.ndarray]:
        """With the actor's learning rate."""
        return {**super().state(), "rate": np.array(self._rate)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Inverse of `state`, for an object made with the same arguments."""
        super().restore(arrays)
        self._rate = float(arrays["rate"])

    @classmethod
    def defaults(cls, strategy: str, task: str) -> Mapping[str, Setting]:
        """Zero-shot training has many environments, which are cheap side by side, and fewer evaluations."""
        return {"num_envs": 1024, "evaluate_every": 2_000_000} if strategy == "zero-shot" else {}


def _divergence(old_mean: Tensor, old_log_std: Tensor, mean: Tensor, log_std: Tensor) -> float:
    """KL(π_old ‖ π) in nats, the mean over states."""
    spread = (2 * (old_log_std - log_std)).exp() + ((old_mean - mean) / log_std.exp()).square()
    return float((log_std - old_log_std + 0.5 * (spread - 1)).sum(-1).mean())
