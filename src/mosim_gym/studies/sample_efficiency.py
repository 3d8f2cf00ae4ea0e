"""How much a strategy makes of real steps: cells of task, strategy and seed, each run on its own and kept when it is done.

A cell's curve is the real return at regular counts of real steps, and its end 50 real episodes that nothing was learned from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Protocol

from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.monitor import Monitor

from mosim_gym.envs.reality import reality
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.rl.learners.sb3_internals import actor_of, algorithm, updates
from mosim_gym.rl.report import real_return
from mosim_gym.rl.strategies import few_shot, on_policy

Report = Callable[[dict[str, float]], None]


@dataclass(frozen=True)
class Evaluations:
    """Real episodes that nothing is learned from: `episodes` every so many real steps, and `final` ones at the end."""

    every: int = 10_000
    episodes: int = 5
    final: int = 50


class Strategy(Protocol):
    """Learns a task from real steps: the policy, the curve of evaluations, and how many real steps it took."""

    def __call__(
        self, task: str, *, seed: int, real_steps: int, folder: Path, report: Report, evaluations: Evaluations
    ) -> tuple[Any, list[dict[str, float]], int]:
        """Learn `task`."""
        ...


@dataclass(frozen=True)
class Cell:
    """One run of the benchmark."""

    task: str
    strategy: str
    seed: int
    real_steps: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.task}-{self.strategy}-seed{self.seed}"

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Cell:
        """The cell whose result this is."""
        return cls(result["task"], result["strategy"], result["seed"], result["real_steps"])


def run_cell(
    cell: Cell, folder: Path, report: Report = lambda _: None, evaluations: Evaluations = Evaluations()
) -> dict[str, Any]:
    """All that is worth noting about a cell; `folder` keeps what an interrupted run goes on from, if its strategy can."""
    if cell.strategy not in STRATEGIES:
        raise UnknownName("strategy", cell.strategy, list(STRATEGIES))
    learn = STRATEGIES[cell.strategy]
    policy, curve, steps = learn(
        cell.task, seed=cell.seed, real_steps=cell.real_steps, folder=folder, report=report, evaluations=evaluations
    )
    real = real_return(cell.task, policy, episodes=evaluations.final)
    return {
        "task": cell.task,
        "strategy": cell.strategy,
        "seed": cell.seed,
        "real_steps": steps,
        "curve": curve,
        "returns": [round(float(value), 2) for value in real.returns],
        "training_seconds": policy.card["training_seconds"],
        "config": policy.card.get("config", {}),
        "provenance": provenance(seeds=[cell.seed]),
    }


class _Evaluate(BaseCallback):
    """Real episodes at regular counts of real steps."""

    def __init__(self, task: str, report: Report, evaluations: Evaluations) -> None:
        super().__init__()
        self._task, self._report, self._evaluations, self.curve = task, report, evaluations, []

    def _on_step(self) -> bool:
        if self.num_timesteps % self._evaluations.every == 0:
            model: Any = self.model
            policy = actor_of(model, {"task": self._task})
            found = real_return(self._task, policy, episodes=self._evaluations.episodes)
            self.curve.append({"real_steps": self.num_timesteps, "updates": updates(model), "return": found.mean})
            self._report(dict(self.curve[-1]))
        return True


SB3_SETTINGS = (
    "learning_rate", "buffer_size", "learning_starts", "batch_size", "tau", "gamma", "gradient_steps", "n_steps", "ent_coef",
    "target_update_interval", "target_entropy", "top_quantiles_to_drop_per_net", "use_sde", "n_envs", "seed",
)  # fmt: skip
"""What SAC and TQC of Stable-Baselines3 learn by; `n_quantiles` and the like are the policy's own."""


def sb3_settings(model: Any) -> dict[str, Any]:
    """What a SAC or TQC of SB3's was made with, its defaults among it, and its networks."""
    found = {name: getattr(model, name) for name in SB3_SETTINGS if hasattr(model, name)}
    policy = model.policy
    return {
        **found,
        "train_freq": f"{model.train_freq.frequency} {model.train_freq.unit.value}",
        "net_arch": list(policy.net_arch),
        "activation": policy.activation_fn.__name__,
        "n_critics": policy.critic_kwargs["n_critics"],
        **({"n_quantiles": policy.critic_kwargs["n_quantiles"]} if "n_quantiles" in policy.critic_kwargs else {}),
    }


def _without_model(name: str) -> Strategy:
    """SB3's algorithm with SB3's settings, on the real task alone: what a model has to be better than."""

    def learn(
        task: str, *, seed: int, real_steps: int, folder: Path, report: Report, evaluations: Evaluations
    ) -> tuple[Any, list[dict[str, float]], int]:
        del folder  # an interrupted run begins again
        begun, watch = time.monotonic(), _Evaluate(task, report, evaluations)
        learner: Any = algorithm(name)
        model = learner("MlpPolicy", Monitor(reality(task)), seed=seed, device="cpu")
        model.learn(real_steps, callback=watch)
        card = {
            "task": task,
            "training_seconds": round(time.monotonic() - begun, 1),
            "config": {
                "algo": name,
                **sb3_settings(model),
                "evaluate_every": evaluations.every,
                "episodes": evaluations.episodes,
            },
        }
        return actor_of(model, card), watch.curve, int(model.num_timesteps)

    return learn


def _few_shot(schedule: str, checkpoint: str | None) -> Strategy:
    def learn(
        task: str, *, seed: int, real_steps: int, folder: Path, report: Report, evaluations: Evaluations
    ) -> tuple[Any, list[dict[str, float]], int]:
        config = few_shot.config_for_schedule(
            schedule, seed=seed, evaluate_every=evaluations.every, episodes=evaluations.episodes
        )
        result = few_shot.few_shot(
            task, config, real_steps=real_steps, folder=folder, checkpoint=checkpoint, report=report
        )
        return result.policy, result.record.curve, result.policy.card["real_steps"]

    return learn


def _on_policy(schedule: str) -> Strategy:
    def learn(
        task: str, *, seed: int, real_steps: int, folder: Path, report: Report, evaluations: Evaluations
    ) -> tuple[Any, list[dict[str, float]], int]:
        config = on_policy.config_for_schedule(
            schedule, seed=seed, evaluate_every=evaluations.every, episodes=evaluations.episodes
        )
        result = on_policy.on_policy(task, config, real_steps=real_steps, folder=folder, report=report)
        return result.policy, result.record.curve, result.policy.card["real_steps"]

    return learn


STRATEGIES: dict[str, Strategy] = {
    "sac": _without_model("sac"),
    "tqc": _without_model("tqc"),
    "on-policy": _on_policy("branches"),
    "on-policy-gradients": _on_policy("gradients"),
    "on-policy-paper": _on_policy("paper"),
    "few-shot": _few_shot("branches", None),
    "few-shot-narrow": _few_shot("branches", "cheetah:narrow"),
    "few-shot-narrow-gradients": _few_shot("gradients", "cheetah:narrow"),
    "few-shot-narrow-paper": _few_shot("paper", "cheetah:narrow"),
    "few-shot-narrow-frozen": _few_shot("frozen", "cheetah:narrow"),
}


def _cells(task: str, strategies: dict[str, int], seeds: int = 3) -> list[Cell]:
    return [Cell(task, name, seed, steps) for seed, (name, steps) in product(range(seeds), strategies.items())]


_ALONE = {"sac": 100_000, "tqc": 100_000}
MATRIX = [
    *_cells("CheetahRun", {"on-policy-gradients": 100_000, "few-shot-narrow-gradients": 50_000}),
    *_cells("CheetahRun", {"on-policy": 100_000, "few-shot-narrow": 50_000, "few-shot-narrow-paper": 50_000}),
    *_cells("CheetahRun", {"few-shot-narrow-frozen": 50_000}),
    *_cells("CheetahRun", {**_ALONE, "on-policy-paper": 100_000, "few-shot": 50_000}),
    *_cells("ReacherHard", {"on-policy": 100_000, **_ALONE}),
    *_cells("AcrobotSwingup", {"on-policy-gradients": 100_000, "on-policy": 100_000, **_ALONE}),
    *_cells("HopperHop", {"on-policy-gradients": 100_000, "on-policy": 100_000, **_ALONE}),
    *_cells("WalkerRun", {"on-policy-gradients": 100_000, "on-policy": 100_000, **_ALONE}),
]
"""The benchmark's cells, in the order in which they are worth their hours."""
