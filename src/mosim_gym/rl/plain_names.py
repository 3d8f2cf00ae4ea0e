"""Plain names for people, in place of identifiers: of learners, and titles of policies."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from mosim_gym.rl.learners.base import LEARNERS
from mosim_gym.rl.strategies.accounting import TRUTH
from mosim_gym.robots import find_task


def learner_name(algo: str) -> str:
    """`SAC`, or `gradients (SHAC)`."""
    return LEARNERS.find(algo).title(algo) if algo in LEARNERS.names() else algo


def learners_of(card: Mapping[str, Any]) -> list[str]:
    """The registered names of the learners that made a policy, one after another, by its card."""
    all_of_them = [*card.get("start", {}).get("learners", []), card["algorithm"]]
    return [name for name, _ in groupby(all_of_them)]


def learner_names(card: Mapping[str, Any]) -> str:
    """The learners that made a policy, one after another: `SAC, then gradients (SHAC)`."""
    return ", then ".join(map(learner_name, learners_of(card)))


def policy_title(card: Mapping[str, Any]) -> str:
    """The title of a policy's pictures: task, learner, and MuJoCo or the model if that is not the robot's own."""
    task, model = card["task"], card.get("model", {}).get("name", "")
    if card.get("trained_in") == TRUTH:
        model = TRUTH
    elsewhere = f", in {model}" if model and model != find_task(task)[0].name else ""
    return f"{task}, {learner_names(card)}{elsewhere}"
