"""The return of a policy: whole episodes played in any environment, and the mean return with its uncertainty."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NotRequired, Protocol, TypedDict

import numpy as np
from tqdm import tqdm

from mosim_gym.mechanics.numbers import check_at_least

Array = np.ndarray
RESAMPLES = 10_000
_RESAMPLING_SEED = 0  # the interval is a function of the returns alone


class Environment(Protocol):
    """What `evaluate` needs of a Gymnasium environment."""

    def reset(self, *, seed: int | None = None) -> tuple[Any, Mapping[str, Any]]:
        """First observation and info."""
        ...

    def step(self, action: Any, /) -> tuple[Any, Any, Any, Any, Mapping[str, Any]]:
        """Observation, reward, terminated, truncated, info."""
        ...

    def render(self) -> Any:
        """The picture of the current state. It is called only when recording."""
        ...


class Policy(Protocol):
    """What `evaluate` needs of a policy: Stable-Baselines3's `predict`.

    A policy with memory also has `reset()`, which is called before each episode.
    """

    def predict(self, observation: Any, *, deterministic: bool = False) -> tuple[Any, Any]:
        """The action, and a recurrent state, which `evaluate` does not use."""
        ...


class ReturnSummary(TypedDict):
    """A `PolicyReturn` as results have it; `rewards` are those of every step of every episode."""

    episodes: int
    seed: int
    mean: float
    std: float
    standard_error: float
    interval_95: list[float]
    returns: list[float]
    lengths: list[int]
    terminated: list[bool]
    rewards: NotRequired[list[list[float]]]


@dataclass(frozen=True, eq=False)
class PolicyReturn:
    """Episodes of one policy in one environment, in the order in which they were played."""

    rewards: tuple[Array, ...]  # reward of each step of each episode
    terminated: tuple[bool, ...]  # whether the task, not the time limit or a divergence, ended the episode
    seed: int

    @property
    def episodes(self) -> int:
        """The number of episodes."""
        return len(self.rewards)

    @cached_property
    def returns(self) -> Array:
        """Sum of the rewards of each episode `(episodes,)`."""
        return np.array([rewards.sum() for rewards in self.rewards])

    @cached_property
    def lengths(self) -> Array:
        """Steps in each episode `(episodes,)`."""
        return np.array([len(rewards) for rewards in self.rewards])

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(self.returns.mean())

    @property
    def std(self) -> float:
        """Standard deviation of an episode's return; 0 for a single episode."""
        return float(self.returns.std(ddof=1)) if self.episodes > 1 else 0.0

    @property
    def standard_error(self) -> float:
        """Standard error of `mean`."""
        return self.std / self.episodes**0.5

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95% confidence interval of the mean, by percentiles over 10,000 bootstrap resamples of the episodes."""
        generator = np.random.default_rng(_RESAMPLING_SEED)
        drawn = generator.integers(self.episodes, size=(RESAMPLES, self.episodes))
        low, high = np.percentile(self.returns[drawn].mean(axis=1), [2.5, 97.5])
        return float(low), float(high)

    def summary(self) -> ReturnSummary:
        """All results except the rewards of single steps, ready for JSON."""
        return {
            "episodes": self.episodes,
            "seed": self.seed,
            "mean": self.mean,
            "std": self.std,
            "standard_error": self.standard_error,
            "interval_95": list(self.interval),
            "returns": self.returns.tolist(),
            "lengths": self.lengths.tolist(),
            "terminated": list(self.terminated),
        }

    def to_json(self, *, curves: bool = False) -> str:
        """`summary()` as JSON text, with `curves` also the reward of every step."""
        content = self.summary()
        if curves:
            content["rewards"] = [rewards.tolist() for rewards in self.rewards]
        return json.dumps(content, indent=2) + "\n"

    def __str__(self) -> str:
        low, high = self.interval
        spread = f"{self.mean:.1f} ± {self.std:.1f} over {self.episodes} episodes"
        return f"{spread} (95% interval of the mean {low:.1f} to {high:.1f})"


def evaluate(
    env: Environment,
    policy: Policy,
    *,
    episodes: int,
    seed: int,
    progress: bool = True,
    record: Callable[[Any], None] | None = None,
) -> PolicyReturn:
    """Play `episodes` whole episodes with the policy's deterministic actions.

    Episode k begins with `env.reset(seed=seed + k)`. So policies and environments can be compared start by start, and an episode can be
    played again. `record` is called with `env.render()` at the start and after every step of the first episode.
    """
    check_at_least(1, episodes=episodes)
    check_at_least(0, seed=seed)
    rewards: list[Array] = []
    ends: list[bool] = []
    with tqdm(total=episodes, desc="evaluate", unit="episode", disable=None if progress else True) as bar:
        for episode in range(episodes):
            observer = record if episode == 0 else None
            curve, terminated = _play(env, policy, seed + episode, observer)
            rewards.append(curve)
            ends.append(terminated)
            bar.set_postfix_str(f"mean return {np.mean([r.sum() for r in rewards]):.1f}")
            bar.update()
    return PolicyReturn(tuple(rewards), tuple(ends), seed)


def _play(env: Environment, policy: Policy, seed: int, record: Callable[[Any], None] | None) -> tuple[Array, bool]:
    """The rewards of one episode, and whether the task ended it."""
    forget = getattr(policy, "reset", None)
    if forget is not None:
        forget()
    observation, _ = env.reset(seed=seed)
    if record is not None:
        record(env.render())
    rewards: list[float] = []
    while True:
        action, _ = policy.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, _ = env.step(action)
        rewards.append(float(reward))
        if record is not None:
            record(env.render())
        if terminated or truncated:
            return np.array(rewards), bool(terminated)
