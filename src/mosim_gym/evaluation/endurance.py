"""Long rollouts of 1,000 steps from the task's starts: are they finite, inside the training box, and of the truth's statistics?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from mosim_gym.data.actions import action_sampler
from mosim_gym.data.resets import task_resets
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.truth.dynamics import TrueDynamics


class Endurance(TypedDict):
    """What `endurance` finds; `truth_inside` is `inside` of the truth."""

    segments: int
    steps: int
    finite: float
    inside: float
    truth_inside: float
    deviation_off: float
    mean_off: float


def endurance(
    robot: str,
    predictor: Dynamics,
    box: Box,
    *,
    segments: int = 1000,
    steps: int = 1000,
    seed: int = 20_011,
) -> Endurance:
    """The shares of segments that are finite, and that are inside `box` throughout, and the differences of moments from the truth's.

    `box` has the lowest and the highest numbers of the training data for `qpos` and `qvel`, null where they do not matter. Moments are
    over all segments and steps: standard deviations relative to the truth's, means in units of the truth's standard deviations. The worst
    dimension of each is returned.
    """
    rng = np.random.default_rng([seed, 5])
    description = load_robot(robot)
    qpos, qvel = task_resets(find_robot(robot))(rng, segments)
    drawn = action_sampler("uniform")(rng, segments, steps, description.nu, description.control_step)
    actions = description.controls(drawn)
    truth = TrueDynamics(robot).rollout(qpos, qvel, actions)
    path = predictor.rollout(qpos, qvel, actions)
    finite = np.isfinite(path.qpos).all((1, 2)) & np.isfinite(path.qvel).all((1, 2))
    ours, theirs = (np.concatenate((p.qpos, p.qvel), -1)[finite].astype(np.float64) for p in (path, truth))
    columns = ours.shape[-1]
    ours, theirs = ours.reshape(-1, columns), theirs.reshape(-1, columns)
    deviation = np.maximum(theirs.std(0), 1e-9)
    return {
        "segments": segments,
        "steps": steps,
        "finite": float(finite.mean()),
        "inside": _share_inside(box, path),
        "truth_inside": _share_inside(box, truth),
        "deviation_off": float(np.abs(ours.std(0) / deviation - 1).max()),
        "mean_off": float((np.abs(ours.mean(0) - theirs.mean(0)) / deviation).max()),
    }


def _share_inside(box: Box, path: Trajectory) -> float:
    return float((within(box["qpos"], path.qpos) & within(box["qvel"], path.qvel)).mean())


def within(box: Sequence[Sequence[float | None]], states: np.ndarray) -> np.ndarray:
    """Whether all states of each segment `(N, T, n)` lie in `box (2, n)`, as `(N,)`. None is no bound."""
    low, high = (np.array([np.nan if b is None else b for b in side], float) for side in box)
    outside = (states < low) | (states > high) | ~np.isfinite(states)
    return np.logical_not(outside.any((1, 2)))
