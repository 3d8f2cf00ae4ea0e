"""Plain names for people, in place of identifiers: of learners, and titles of policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.rl.learners.base import LEARNERS
from mosim_gym.rl.strategies.accounting import TRUTH
from mosim_gym.robots import find_task


def learner_name(algo: str) -> str:
    """`SAC`, or `gradients (SHAC)`."""
    return LEARNERS.find(algo).title(algo) if algo in LEARNERS.names() else algo


def learner_names(card: Mapping[str, Any]) -> str:
    """The learner of a policy's card, and before it that of the policy with which it began: `SAC, then gradients (SHAC)`."""
    first = card.get("start", {}).get("algorithm")
    own = learner_name(card["algorithm"])
    return f"{learner_name(first)}, then {own}" if first else own


def policy_title(card: Mapping[str, Any]) -> str:
    """The title of a policy's pictures: task, learner, and MuJoCo or the model if that is not the robot's own."""
    task, model = card["task"], card.get("model", {}).get("name", "")
    if card.get("trained_in") == TRUTH:
        model = TRUTH
    elsewhere = f", in {model}" if model and model != find_task(task)[0].name else ""
    return f"{task}, {learner_names(card)}{elsewhere}"
