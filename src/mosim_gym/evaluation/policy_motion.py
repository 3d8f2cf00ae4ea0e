"""Motion of several policies in turn, such as those that a learner had on its way: what its replay would hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from mosim_gym.data.collection import Collector, Recipe, recipe_for
from mosim_gym.evaluation.heldout import POLICY_NOISE, Controller, observer
from mosim_gym.mechanics.motion import Segments
from mosim_gym.robots import load_task

LIKE = "narrow"
"""The recipe whose starts and length of segments it has."""


class PolicyCollector:
    """Segments of a task's robot from the task's starts, an equal share of them under each policy, with noise on the controls."""

    def __init__(self, task: str, controllers: Mapping[str, Controller], noise: float = POLICY_NOISE) -> None:
        """`controllers` give controls for flat observations of `task`, by the names that the manifest has of them."""
        if not controllers:
            raise ValueError("controllers is empty; motion of policies needs at least one policy.")
        self._task, self._controllers, self._noise = load_task(task), dict(controllers), noise
        robot = self._task.robot.name
        like = recipe_for(robot, LIKE)
        share = 1 / len(self._controllers)
        self.recipe: Recipe = replace(like, actions=tuple((name, share) for name in self._controllers))
        self._collector = Collector(robot, replace(like, actions=()))

    @property
    def dropped(self) -> int:
        """The number of segments so far in which the simulation became unstable."""
        return self._collector.dropped

    def collect(self, rng: np.random.Generator, segments: int) -> Segments:
        """Segments in random order."""
        observe = observer(self._task)
        counts = np.bincount(np.arange(segments) % len(self._controllers), minlength=len(self._controllers))
        parts: list[Segments] = []
        for controller, count in zip(self._controllers.values(), counts, strict=True):
            if not count:
                continue
            seed = int(rng.integers(2**31))
            goal = self._task.sample_goal(torch.Generator().manual_seed(seed), int(count)).numpy()

            def act(state: object, controller: Controller = controller, goal: np.ndarray = goal) -> np.ndarray:
                return controller(observe(state, goal))  # pyright: ignore[reportArgumentType]

            parts.append(self._collector.follow(act, rng, int(count), noise=self._noise))
        order = rng.permutation(sum(len(part.qpos) for part in parts))
        return Segments(*(np.concatenate(column)[order] for column in zip(*parts, strict=True)))
