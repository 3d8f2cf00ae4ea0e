"""Motion of several policies in turn, such as those that a learner had on its way: what its replay would hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch

from mosim_gym.data.collection import Collector, Recipe, recipe_for
from mosim_gym.evaluation.heldout import POLICY_NOISE, Controller, observer
from mosim_gym.mechanics.motion import Segments
from mosim_gym.robots import find_task, load_robot, load_task

LIKE = "narrow"
"""The recipe whose starts and length of segments it has."""
Maker = Callable[[], Controller]
"""Makes a controller that remembers nothing yet."""


class PolicyCollector:
    """Segments of a task's robot from the task's starts, an equal share of them under each policy, with noise on the controls."""

    def __init__(
        self,
        task: str,
        makers: Mapping[str, Maker],
        noise: float = POLICY_NOISE,
        *,
        robot: str | None = None,
        hold: int | None = None,
    ) -> None:
        """`makers` make controllers for flat observations of `task`, by the names that the manifest has of them.

        Each block of segments has controllers of its own, so that it follows from its random numbers alone.

        `robot` may be the task's robot with other control steps, such as `hopper@0.005`. Controls are held for `hold` of them, by default
        for a control step of the task.
        """
        if not makers:
            raise ValueError("makers is empty; motion of policies needs at least one policy.")
        self._task, self._makers, self._noise = load_task(task), dict(makers), noise
        robot = robot or self._task.robot.name
        self._hold = hold or steps_of_task(task, robot)
        like = recipe_for(robot, LIKE)
        share = 1 / len(self._makers)
        self.recipe: Recipe = replace(like, actions=tuple((name, share) for name in self._makers))
        self._collector = Collector(robot, replace(like, actions=()))

    @property
    def dropped(self) -> int:
        """The number of segments so far in which the simulation became unstable."""
        return self._collector.dropped

    def collect(self, rng: np.random.Generator, segments: int) -> Segments:
        """Segments in random order."""
        observe = observer(self._task)
        counts = np.bincount(np.arange(segments) % len(self._makers), minlength=len(self._makers))
        parts: list[Segments] = []
        for make, count in zip(self._makers.values(), counts, strict=True):
            if not count:
                continue
            controller = make()
            seed = int(rng.integers(2**31))
            goal = self._task.sample_goal(torch.Generator().manual_seed(seed), int(count)).numpy()

            def act(state: object, controller: Controller = controller, goal: np.ndarray = goal) -> np.ndarray:
                return controller(observe(state, goal))  # pyright: ignore[reportArgumentType]

            parts.append(self._collector.follow(act, rng, int(count), noise=self._noise, hold=self._hold))
        order = rng.permutation(sum(len(part.qpos) for part in parts))
        return Segments(*(np.concatenate(column)[order] for column in zip(*parts, strict=True)))


def steps_of_task(task: str, robot: str) -> int:
    """How many control steps of `robot`, such as `hopper@0.005`, are one of `task`. Raises where `task` is not of this robot, or where they
    do not fill a control step of the task.
    """
    of, longer = find_task(task)[0].name, load_task(task).robot.control_step
    shorter = load_robot(robot).control_step
    if robot.partition("@")[0] != of:
        raise ValueError(f"{task} is a task of the robot {of!r}, not of {robot!r}; choose the robot or the task.")
    steps = round(longer / shorter)
    if not steps or abs(steps * shorter - longer) > 1e-9:
        raise ValueError(
            f"A control step of {robot} lasts {shorter:g} s; it must be a whole part of that of {task}, which lasts {longer:g} s."
        )
    return steps
