"""Judges a policy in a model during training: its returns there, the choice of the best, and whether the run may stop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.logger import Logger

from mosim_gym.envs.backend import Checkpoint, open_dynamics
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.renamed import RENAMED_VALUES
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.run import BEST, RunRecord
from mosim_gym.rl.strategies.target import Target, Trainable, target_of

EVALUATION_SEED, CONFIRMATION_SEED = 777_001, 888_001
EVALUATION_EPISODES = 32
"""The default number of episodes of an evaluation. They are dealt to the ensemble's members in turn."""


def returns_in_model(
    task: Trainable,
    policy: Any,
    *,
    checkpoint: Checkpoint | None = None,
    outside_model: str = "truncate",
    seed: int = EVALUATION_SEED,
    episodes: int | None = None,
) -> np.ndarray:
    """Returns of the policy's deterministic actions in each member of the model's ensemble, `(members, episodes of a member)`.

    `episodes` is the number for all members together, by default `EVALUATION_EPISODES`.
    """
    target = target_of(task)
    return _played(target, policy, target.open(checkpoint), outside_model, seed, episodes or EVALUATION_EPISODES)[0]


def _played(
    target: Target, policy: Any, dynamics: Dynamics, outside_model: str, seed: int, episodes: int
) -> tuple[np.ndarray, int]:
    """`returns_in_model`, and the number of control steps of all environments."""
    members = dynamics.members
    each = max(1, episodes // members)
    env = target.environments(members * each, dynamics, outside_model=outside_model, autoreset="disabled")
    observation = env.reset(seed=seed)
    total = np.zeros(env.num_envs)
    running = np.ones(env.num_envs, bool)
    while running.any():
        action, _ = policy.predict(observation.numpy(), deterministic=True)
        step = env.step(from_numpy(action))
        total += np.where(running, step.reward.numpy(), 0.0)
        over = (step.terminated | step.truncated).numpy()
        running &= ~over
        observation = step.observation
        if over.any() and running.any():  # rows that are over begin a new episode, which is not counted
            observation = env.reset(mask=from_numpy(over))
    return total.reshape(each, members).T, env.steps_taken


def outside_model_of(card: Mapping[str, Any]) -> str:
    """The setting `outside_model` with which a policy was trained, from its card. Cards of version 0.1.0 have it as `ends`."""
    config = card.get("config", {})
    before = RENAMED_VALUES["outside_model"].get(config.get("ends", "box"), "truncate")
    return config.get("outside_model", before)


def opened_judge(target: Target, judge: Checkpoint | None) -> Dynamics | None:
    """The dynamics in which policies are evaluated; None for those of the training."""
    if judge is None:
        return None
    dynamics = open_dynamics(target.task.robot, judge)
    if dynamics.is_truth:
        raise ValueError("The truth cannot judge a policy in training: its steps are real. Give a learned model.")
    return dynamics


def check_stop(stop_at: float | None) -> None:
    """Raise `ValueError` for a return at which no run can stop."""
    if stop_at is not None and not 0 < stop_at < math.inf:
        raise ValueError(f"stop_at is {stop_at}; it is a return in the model, which must be positive and finite.")


def reached(record: RunRecord, stop_at: float | None) -> bool:
    """Whether a run has reached the return in the model at which it stops, and confirmed it."""
    latest = record.curve[-1] if record.curve else {}
    return stop_at is not None and bool(latest.get("confirmed", False)) and latest["return_in_model"] >= stop_at


def ended_by(record: RunRecord, steps: int, limits: Mapping[str, float], where: str) -> str:
    """What ended a run after `steps` control steps `where` it was trained: its return, `max_steps`, or the time."""
    if reached(record, limits.get("stop_at")):
        return f"return in {where}"
    return "max_steps" if steps >= limits.get("max_steps", float("inf")) else "budget"


def keep_best(
    target: Target,
    policy: ActorPolicy,
    record: RunRecord,
    counts: Mapping[str, int],
    folder: Path,
    dynamics: Dynamics,
    *,
    outside_model: str = "truncate",
    stop_at: float | None = None,
    episodes: int = EVALUATION_EPISODES,
) -> None:
    """Evaluate the policy of `target` in `dynamics` and add the evaluation to `record`.

    The policy is kept as `folder/best.safetensors` if its return in the lowest member is the highest so far, or if the run stops with it.

    With `stop_at` an evaluation has half as many `episodes`. A mean that reaches `stop_at` may be luck, so twice as many `episodes` from
    other starts then replace the evaluation.
    """
    first = episodes if stop_at is None else max(1, episodes // 2)
    returns, steps = _played(target, policy, dynamics, outside_model, EVALUATION_SEED, first)
    confirmed = stop_at is not None and returns.mean() >= stop_at
    if confirmed:
        returns, more = _played(target, policy, dynamics, outside_model, CONFIRMATION_SEED, 2 * episodes)
        steps += more
    lowest = float(returns.mean(axis=1).min())
    record.evaluation_steps += steps
    record.curve.append(
        {
            **counts,
            "seconds": round(record.seconds, 1),
            "return_in_model": float(returns.mean()),
            "lowest_member": lowest,
            "std": float(returns.std()),
            "episodes": returns.size,
            **({"confirmed": True} if confirmed else {}),
        }
    )
    if record.best is None or lowest > record.best or reached(record, stop_at):
        record.best = lowest
        policy.save(folder / BEST)


def log_evaluation(logger: Logger, record: RunRecord) -> None:
    """Write the latest evaluation to TensorBoard."""
    latest = record.curve[-1]
    logger.record("model/return", latest["return_in_model"])
    logger.record("model/return_of_lowest_member", latest["lowest_member"])
    logger.record("time/seconds", record.seconds)
    logger.dump(int(latest["steps"]))
