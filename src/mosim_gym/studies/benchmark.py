"""What zero-shot policies are worth: the return in each member of their model, in dm_control, and through plain Shimmy, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.evaluation.tables import table
from mosim_gym.rl.plain_names import learners_of
from mosim_gym.rl.report import real_return, shimmy_return
from mosim_gym.rl.strategies.judging import outside_model_of, returns_in_model
from mosim_gym.robots import find_task
from mosim_gym.zoo.names import load

CARD = (
    "algorithm",
    "config",
    "steps_in_model",
    "updates",
    "real_steps",
    "chosen_by",
    "training_seconds",
    "start",
    "provenance",
    "model",
)


def measure_policy(path: Path, *, episodes: int, shimmy: int) -> dict[str, object]:
    """Everything about the policy in `path` that stands in the results."""
    policy = load_policy(path)
    task = policy.card["task"]
    imagined = returns_in_model(task, policy, outside_model=outside_model_of(policy.card))
    real = real_return(task, policy, episodes=episodes)
    through = shimmy_return(task, policy, episodes=shimmy) if find_task(task)[1].in_dm_control else None
    gap = float(imagined.mean()) - real.mean
    noise = float(np.hypot(imagined.std(ddof=1) / imagined.size**0.5, real.standard_error))
    return {
        "task": task,
        **{key: policy.card[key] for key in CARD if key in policy.card},
        "model_trained_anew": trained_anew(policy.card["model"]),
        "in_model": {"members": imagined.mean(axis=1).tolist(), "mean": float(imagined.mean())},
        "real": real.summary(),
        "shimmy": None if through is None else through.summary(),
        "gap": gap,
        "allowed_gap": max(0.1 * real.mean, 2 * noise, 20.0),
    }


def trained_anew(model: Mapping[str, Any]) -> bool:
    """Whether the checkpoint of this name is another today than the `model` that a policy's card names."""
    today = load(model["name"]).card
    return any(today[key] != model[key] for key in ("transitions", "training_seconds"))


def zero_shot_table(policies: Mapping[str, Mapping[str, Any]]) -> str:
    """The policies of a report as a Markdown table, one row each."""
    rows = []
    for r in policies.values():
        config = r["config"]
        model = r["model"]
        elsewhere = "" if model["name"] == find_task(r["task"])[0].name else f", in `{model['name']}`"
        rows.append(
            [
                r["task"],
                f"{learners(r)}, seed {config['seed']}{elsewhere}",
                f"{spent(r, 'training_seconds') / 60:.0f} min, {r['provenance']['torch_threads']} core",
                f"{spent(r, 'steps_in_model') / 1e6:.2f} M, {spent(r, 'updates') / 1e3:.0f} k",
                f"{r['in_model']['mean']:.0f} ({min(r['in_model']['members']):.0f})",
                f"**{r['real']['mean']:.0f}** ± {r['real']['std']:.0f}",
                _first_episodes(r),
                f"{r['gap']:+.0f} ({r['allowed_gap']:.0f})",
                f"{model['transitions'] / 1e6:.1f} M",
            ]
        )
    header = [
        "Task",
        "Algorithm",
        "Training",
        "Steps in the model, updates",
        "In the model (worst member)",
        "Real return",
        "First real episodes, the same through Shimmy",
        "Model minus real (allowed)",
        "True transitions behind the model",
    ]
    return table(header, rows)


def spent(result: Mapping[str, Any], cost: str) -> float:
    """What a policy cost, with what the policy cost that its training began with: training_seconds, steps_in_model or updates."""
    return result[cost] + result.get("start", {}).get(cost, 0)


def learners(result: Mapping[str, Any]) -> str:
    """The learners that made a policy, one after another: `SAC, then SHAC`."""
    return ", then ".join(name.upper() for name in learners_of(result))


def _first_episodes(result: Mapping[str, Any]) -> str:
    """The mean of as many real episodes as were played through Shimmy, from the same seed on, and the mean there."""
    real, shimmy = result["real"], result["shimmy"]
    if shimmy is None:
        return "not in dm_control"
    if real["seed"] != shimmy["seed"]:
        return f"{shimmy['mean']:.0f} through Shimmy"
    first = real["returns"][: shimmy["episodes"]]
    return f"{sum(first) / len(first):.0f}, {shimmy['mean']:.0f}"
