"""`policy_collector`: motion of the policy in a file, or of a scripted one, as a source of datasets."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mosim_gym.adapters.policy_files import POLICY, check_policy, load_policy
from mosim_gym.evaluation.heldout import Controller, row_by_row
from mosim_gym.evaluation.policy_motion import PolicyCollector
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.policies.scripted import SCRIPTED
from mosim_gym.robots import find_robot, find_task
from mosim_gym.zoo.hub import hub_file, is_on_hub

SCRIPT = "scripted"


def policy_collector(
    robot: str, policy: str, *, task: str | None = None, noise: float = 0.0, trusted: bool = False
) -> PolicyCollector:
    """Segments of `robot` under `policy`: `scripted`, or a file as for `load_policy`. A file's card may name the task; else `task` must.

    Its deterministic controls get normal noise of `noise` times half their range. The manifest of a dataset has the task, the noise, and
    the SHA-256 of the file.
    """
    find_robot(robot)
    check_at_least(0, noise=noise)
    if policy == SCRIPT:
        task = _of_script(robot, task)
        return PolicyCollector(task, {_named(task, SCRIPT, noise): partial(_scripted, task)}, noise, robot=robot)
    path = Path(hub_file(policy, POLICY)) if is_on_hub(policy) else Path(policy)
    loaded = load_policy(path, trusted=trusted)
    task = task or getattr(loaded, "card", {}).get("task")
    if task is None:
        raise ValueError(f"{policy} does not name its task; give it with --task.")
    check_policy(loaded, task)
    name = _named(task, hashlib.sha256(path.read_bytes()).hexdigest(), noise)
    return PolicyCollector(task, {name: partial(_controller, loaded)}, noise, robot=robot)


def _of_script(robot: str, task: str | None) -> str:
    """The task whose scripted policy acts."""
    if task is not None:
        find_task(task)
        if task not in SCRIPTED:
            raise UnknownName("task with a scripted policy", task, list(SCRIPTED))
        return task
    own = [name for name in SCRIPTED if find_task(name)[0].name == robot.partition("@")[0]]
    if not own:
        raise ValueError(f"The robot {robot!r} has no scripted policy; give the file of a policy.")
    return own[0]


def _named(task: str, what: str, noise: float) -> str:
    return f"{task}, {what}, noise {noise:g}"


def _scripted(task: str) -> Controller:
    return row_by_row(SCRIPTED[task])


def _controller(policy: Any) -> Controller:
    """A controller by the policy's deterministic actions."""

    def control(observations: np.ndarray) -> np.ndarray:
        return np.asarray(policy.predict(observations.astype(np.float32), deterministic=True)[0], np.float64)

    return control
