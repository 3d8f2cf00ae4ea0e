"""The starts of episodes: the task's own, given states, or what a function draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.data.dataset import Dataset, open_dataset
from mosim_gym.data.logs import Logs
from mosim_gym.envs.core import Core, State
from mosim_gym.envs.generators import StartGenerators
from mosim_gym.envs.options import checked_options
from mosim_gym.envs.state_rows import joined
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.narrowing import is_mapping, is_tuple
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.robots import Task
from mosim_gym.robots.function_checks import check_arguments

TASK = "task"
DrawStates = Callable[[Generator, int], Any]
"""A function from a generator and a number n to n states: `(qpos (n, nq), qvel (n, nv))`, or a mapping with both (and `goal`)."""
ResetFrom = (
    str | PathLike[str] | Dataset | Logs | Mapping[str, Any] | tuple[Any, Any] | np.ndarray | Tensor | DrawStates
)
"""`"task"`, or states: a pair `(qpos (N, nq), qvel (N, nv))`, both side by side in one array, a mapping with `qpos` and `qvel` (and
`goal`), a dataset, a dataset's folder, or logs; or a function that draws them."""


class Starts:
    """Draws the options of `Core.reset` for new episodes."""

    def __init__(
        self, task: Task, reset_from: ResetFrom = TASK, called: str = "reset_from", *, memory: int = 0
    ) -> None:
        """Raises for states of a wrong shape, of another robot, or not finite. Messages say `called` for `reset_from`.

        For dynamics with `memory` a mapping may also hold `previous`, the commands before each state.
        """
        self._task, self._called, self._memory = task, called, memory
        self._states: dict[str, Tensor] | None = None
        self._function: DrawStates | None = None
        if isinstance(reset_from, str) and reset_from == TASK:
            return
        if isinstance(reset_from, str | PathLike):
            if not Path(reset_from).is_dir():
                raise UnknownName(called, str(reset_from), [TASK, "a dataset's folder", "states"])
            reset_from = open_dataset(Path(reset_from), robot=task.robot.name)
        if isinstance(reset_from, Dataset | Logs):
            moved = reset_from.robot if isinstance(reset_from, Dataset) else reset_from.robot.name
            if moved != task.robot.name:
                raise ValueError(f"{called} holds the motion of {moved!r}; {task.id()} needs {task.robot.name!r}.")
            reset_from = reset_from.states()
        if callable(reset_from):
            check_arguments(called, reset_from, ("generator", "n"))
            self._function = reset_from
            self.draw(Generator().manual_seed(0), 2)  # what it says has the right shape, or raises here
            return
        if isinstance(reset_from, np.ndarray | Tensor):
            reset_from = _split(reset_from, task, called)
        named = _named(reset_from, called)
        rows = len(np.atleast_2d(np.asarray(named["qpos"])))
        if not rows:
            raise ValueError(f"{called} holds no states; it needs at least one.")
        self._states = self._checked(named, rows)

    def _checked(self, states: Mapping[str, object], rows: int) -> dict[str, Tensor]:
        """States as tensors with `rows` rows, float64."""
        found = checked_options(states, self._task, rows=rows, memory=self._memory, called=self._called)
        return {name: from_numpy(value) for name, value in found.items()}

    def draw(self, generator: Generator, n: int) -> dict[str, Tensor]:
        """Options for `n` episodes; empty if the task draws its own starts."""
        if self._function is not None:
            return self._checked(_named(self._function(generator, n), self._called), n)
        if self._states is None:
            return {}
        rows = torch.randint(len(self._states["qpos"]), (n,), generator=generator)
        return {name: value[rows] for name, value in self._states.items()}

    def fresh(self, core: Core, generators: StartGenerators, rows: Tensor, given: Mapping[str, Tensor]) -> State:
        """Starts of the episodes of environments `rows (n,)`. The values in `given`, a row for each, replace drawn ones."""
        parts: list[State] = []
        for generator, here in generators.of(rows):
            n = here.stop - here.start
            mine = {name: value[here] for name, value in given.items()}
            parts.append(core.reset(generator, n, {**self.draw(generator, n), **mine}))
        return parts[0] if len(parts) == 1 else joined(parts)


def _named(states: object, called: str) -> Mapping[str, object]:
    """States as a mapping with `qpos`."""
    if is_mapping(states):
        if states.get("qpos") is None:
            raise ValueError(f"{called} holds no qpos.")
        return states
    if not is_tuple(states) or len(states) != 2:
        raise TypeError(
            f"{called} is a {type(states).__name__}; it must be 'task', (qpos, qvel), an array or a mapping with both, "
            "a dataset, logs, or a function (generator, n) -> (qpos, qvel)."
        )
    return dict(zip(("qpos", "qvel"), states, strict=True))


def _split(states: np.ndarray | Tensor, task: Task, called: str) -> tuple[Any, Any]:
    """The positions and the velocities in `states (N, nq + nv)`."""
    nq, nv = task.robot.nq, task.robot.nv
    if states.ndim != 2 or states.shape[1] != nq + nv:
        raise ValueError(
            f"{called} has shape {tuple(states.shape)}; {task.id()} needs (N, {nq + nv}), {nq} positions and then {nv} velocities."
        )
    return states[:, :nq], states[:, nq:]
