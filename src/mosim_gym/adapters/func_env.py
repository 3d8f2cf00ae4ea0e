"""`MoSimFuncEnv`: the functional core of an environment under the method names of Gymnasium's `FuncEnv`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from gymnasium.experimental.functional import FuncEnv
from torch import Generator, Tensor

from mosim_gym.envs.backend import Checkpoint, DynamicsOptions
from mosim_gym.envs.core import State
from mosim_gym.envs.opened import opened
from mosim_gym.envs.spaces import action_space, observation_space
from mosim_gym.envs.state_rows import checked_controls
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.numbers import positive_number
from mosim_gym.robots import Task
from mosim_gym.robots.spaces import flatten


class MoSimFuncEnv(FuncEnv[State, Tensor, Tensor, Tensor, Tensor, None, None]):
    """`num_envs` environments of `task` without hidden state: what a method returns follows from its arguments alone.

    States are `State`s of all environments, and everything else is a tensor with `num_envs` rows. `rng` is a `torch.Generator`. Only
    `initial` draws from it. All results are differentiable functions of states and actions where the dynamics are.
    """

    def __init__(
        self,
        task: str | Task,
        num_envs: int = 1,
        *,
        checkpoint: Checkpoint | None = None,
        device: str = "cpu",
        solver: str | None = None,
        precision: str = "float32",
        ensemble: int | Sequence[int] | None = None,
    ) -> None:
        """The options are those of `TorchEnv`."""
        super().__init__()
        self.num_envs = positive_number(num_envs, "num_envs")
        parts = opened(task, checkpoint, DynamicsOptions(usable_device(device), solver, precision, ensemble))
        self.task, self.dynamics, self.core, self.bounds = parts
        self.observation_space, self.action_space = observation_space(self.task), action_space(self.task)

    def initial(self, rng: Generator, params: None = None) -> State:
        """States in which episodes begin, drawn from `rng`."""
        if not isinstance(rng, Generator):
            raise TypeError(f"rng is {rng!r}; it must be a generator, such as torch.Generator().manual_seed(0).")
        return self.core.reset(rng, self.num_envs)

    def transition(self, state: State, action: Tensor, rng: Generator | None = None, params: None = None) -> State:
        """The states one control step later, under `action (num_envs, nu)`. Raises `ValueError` for another shape."""
        action = checked_controls(action, len(state.qpos), self.task.robot.nu, state.qvel)
        return self.core.step(state, action, self.dynamics).state

    def observation(self, state: State, rng: Generator | None = None, params: None = None) -> Tensor:
        """The flat observations `(num_envs, n)`."""
        return flatten(self.core.observe(state))

    def reward(
        self, state: State, action: Tensor, next_state: State, rng: Generator | None = None, params: None = None
    ) -> Tensor:
        """The rewards `(num_envs,)` of a step that led to `next_state`."""
        return self.task.reward(next_state.features, action, next_state.goal, next_state.sensors)

    def terminal(self, state: State, rng: Generator | None = None, params: None = None) -> Tensor:
        """Where the task ends the episode for good, `(num_envs,)` bool. Leaving the model's training box is no end of the task."""
        found = self.task.terminated(state.features, state.goal)
        return torch.zeros_like(state.qpos[:, 0], dtype=torch.bool) if found is None else found

    def state_info(self, state: State, params: None = None) -> dict[str, Any]:
        """`qpos`, `qvel` and `goal`, and where the dynamics have a training box whether the states are `inside` it."""
        inside = self.bounds.inside(state.qpos, state.qvel)
        info = {"qpos": state.qpos, "qvel": state.qvel, "goal": state.goal}
        return info if inside is None else info | {"inside": inside}
