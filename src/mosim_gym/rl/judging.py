"""Judging a policy in a model while it is trained: its returns there, the choice of the best, and whether the run may stop."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.logger import Logger

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.rl.policies import ActorPolicy
from mosim_gym.rl.settings import ENDS

BEST = "best.safetensors"
EVALUATION_SEED, CONFIRMATION_SEED = 777_001, 888_001
EVALUATION_EPISODES = 32  # dealt to the members in turn
QUICK_EPISODES = 16  # the same, where a run may stop at any of its evaluations
CONFIRMATION_EPISODES = 64  # the same, of a policy whose return is to end the run


def returns_in_model(
    task: str,
    policy: Any,
    *,
    checkpoint: Any = None,
    ends: str = "box",
    seed: int = EVALUATION_SEED,
    episodes: int | None = None,
) -> np.ndarray:
    """Returns `(members, episodes)` of the policy's deterministic actions in each member of the model's ensemble, played together.

    `episodes` of all members together are `EVALUATION_EPISODES` by default; `ends` is as in `ZeroShotConfig`.
    """
    return _played(task, policy, checkpoint, ends, seed, episodes)[0]


def _played(
    task: str, policy: Any, checkpoint: Any, ends: str, seed: int, episodes: int | None
) -> tuple[np.ndarray, int]:
    """`returns_in_model`, and how many control steps of all environments it took."""
    if ends not in ENDS:
        raise UnknownName("ends", ends, list(ENDS))
    env = TorchEnv(task, 1, checkpoint=checkpoint)
    members = env.dynamics.members
    each = max(1, (EVALUATION_EPISODES if episodes is None else episodes) // members)
    env = TorchEnv(task, members * each, checkpoint=checkpoint, autoreset="disabled")
    if ends == "finite":
        env.bounds.open()
    observation = env.reset(seed=seed)
    total = np.zeros(env.num_envs)
    running, steps = np.ones(env.num_envs, bool), 0
    while running.any():
        steps += env.num_envs
        action, _ = policy.predict(observation.numpy(), deterministic=True)
        step = env.step(torch.from_numpy(action))
        total += np.where(running, step.reward.numpy(), 0.0)
        over = (step.terminated | step.truncated).numpy()
        running &= ~over
        observation = step.observation
        if over.any() and running.any():  # whoever is over goes on from a fresh start, which is not counted
            observation = env.reset(mask=torch.from_numpy(over))
    return total.reshape(each, members).T, steps


def ends_of(policy: Any) -> str:
    """Where the episodes ended that the policy was trained in, as its card has it."""
    return getattr(policy, "card", {}).get("config", {}).get("ends", "box")


def judged_by(task: str, judge: Any) -> dict[str, str]:
    """What a run's record says of the model in which its policies are evaluated, where that is not the one it is trained in."""
    if judge is None:
        return {}
    dynamics = TorchEnv(task, 1, checkpoint=judge).dynamics
    if dynamics.is_truth:
        raise ValueError("The truth cannot judge a policy in training: its steps are real. Give a learned model.")
    return {"judge": dynamics.identity}


def check_stop(stop_at: float | None) -> None:
    """Refuse, in one sentence, a return that no run can stop at."""
    if stop_at is not None and not 0 < stop_at < math.inf:
        raise ValueError(f"stop_at is {stop_at}; it is a return in the model, which must be positive and finite.")


def reached(record: dict[str, Any], stop_at: float | None) -> bool:
    """Whether a run has the return in the model that it is to stop at, confirmed."""
    latest = record["curve"][-1] if record["curve"] else {}
    return stop_at is not None and latest.get("confirmed", False) and latest["return_in_model"] >= stop_at


def keep_best(
    task: str,
    policy: ActorPolicy,
    record: dict[str, Any],
    counts: dict[str, int],
    folder: Path,
    checkpoint: Any,
    *,
    ends: str = "box",
    stop_at: float | None = None,
) -> None:
    """One evaluation in the model, noted in `record`. The policy is kept as `folder/best.safetensors` if no other has as high a return in
    its lowest member, or if the run stops with it.

    With `stop_at` evaluations are of `QUICK_EPISODES`. A mean that reaches it may be luck: then `CONFIRMATION_EPISODES` from other starts
    take the evaluation's place.
    """
    quick = None if stop_at is None else QUICK_EPISODES
    returns, steps = _played(task, policy, checkpoint, ends, EVALUATION_SEED, quick)
    confirmed = stop_at is not None and returns.mean() >= stop_at
    if confirmed:
        returns, more = _played(task, policy, checkpoint, ends, CONFIRMATION_SEED, CONFIRMATION_EPISODES)
        steps += more
    lowest = float(returns.mean(axis=1).min())
    record["evaluation_steps"] = record.get("evaluation_steps", 0) + steps
    record["curve"].append(
        {
            **counts,
            "seconds": round(record["seconds"], 1),
            "return_in_model": float(returns.mean()),
            "lowest_member": lowest,
            "std": float(returns.std()),
            "episodes": returns.size,
            **({"confirmed": True} if confirmed else {}),
        }
    )
    if record["best"] is None or lowest > record["best"] or reached(record, stop_at):
        record["best"] = lowest
        policy.save(folder / BEST)


def log_evaluation(logger: Logger, record: dict[str, Any]) -> None:
    """The latest evaluation, to TensorBoard."""
    latest = record["curve"][-1]
    logger.record("model/return", latest["return_in_model"])
    logger.record("model/return_of_lowest_member", latest["lowest_member"])
    logger.record("time/seconds", record["seconds"])
    logger.dump(latest["steps"])
