"""`FirstPolicy`: the policy that a learner begins with, and what its own training cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.mechanics.settings import Setting
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.base import LEARNERS, Improver
from mosim_gym.robots import load_task

COSTS = ("training_seconds", "steps_in_model", "updates", "real_steps")


class FirstPolicy(NamedTuple):
    """A policy to begin with."""

    path: Path
    policy: ActorPolicy
    settings: Mapping[str, Setting]
    """The learner's settings with which it begins with this policy, in place of its defaults."""

    def check_robot(self, robot: str) -> None:
        """Raise `ValueError` if the policy's card names a task of the catalogue with another robot."""
        task = self.policy.card.get("task")
        if not isinstance(task, str):
            return
        try:
            trained = load_task(task).robot.name
        except KeyError:  # an environment of the user's own
            return
        if trained != robot:
            raise ValueError(
                f"start is {self.path}, a policy of {task}, which moves {trained}; it must be one that moves {robot}."
            )

    def card(self) -> dict[str, Any]:
        """What the card of an improved policy says of it: its file and task, and of all that led to it the learners and the costs."""
        there = self.policy.card
        earlier: Mapping[str, Any] = there.get("start", {})
        costs = {name: there.get(name, 0) + earlier.get(name, 0) for name in COSTS}
        learners = [*earlier.get("learners", []), *([there["algorithm"]] if "algorithm" in there else [])]
        task = {"task": there["task"]} if "task" in there else {}
        return {"file": str(self.path), **task, "learners": learners, "settings": dict(self.settings), **costs}


def first_policy(start: str, algo: str) -> FirstPolicy | None:
    """The policy in the file `start`, for the learner `algo`; None where `start` is empty."""
    if not start:
        return None
    kind = LEARNERS.find(algo)
    if not issubclass(kind, Improver):
        able = [name for name in LEARNERS.names() if issubclass(LEARNERS.find(name), Improver)]
        raise ValueError(
            f"{algo} cannot begin with a policy, and start is {start}. Learners that can: {', '.join(able)}."
        )
    policy = load_policy(Path(start))
    if not isinstance(policy, ActorPolicy):
        raise ValueError(f"start is {start}, which is not a policy of this package, saved by `policy.save`.")
    return FirstPolicy(Path(start), policy, kind.settings_for(policy))
