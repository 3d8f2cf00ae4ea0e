"""The functional core of every environment: a task, forward kinematics and any dynamics, batched, without hidden state.

    state = core.reset(generator, n, options)
    state, observation, reward, terminated = core.step(state, action, dynamics)

One forward-kinematics pass per step serves the reward, the observation and, as `features`, the model's next input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from mosim_gym.envs.commands import commands_after, commands_before, no_commands
from mosim_gym.envs.options import checked_options
from mosim_gym.mechanics import ForwardKinematics, Quantity
from mosim_gym.mechanics.devices import as_kind
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.robots import Features, Task


class State(NamedTuple):
    """The states of B environments. `features` holds their kinematics.

    For dynamics with memory `previous (B, memory, nu)` has the last commands, the oldest first, NaN where there was none yet. For others
    it is None.
    """

    qpos: Tensor
    qvel: Tensor
    goal: Tensor
    sensors: Tensor
    features: Features
    previous: Tensor | None = None


class Transition(NamedTuple):
    """The result of a step: the next state, its observation by name, reward `(B,)`, and whether the episode ended for good `(B,)`."""

    state: State
    observation: dict[str, Tensor]
    reward: Tensor
    terminated: Tensor


class Core:
    """`task` on `device` in `dtype`. `quantities` are further kinematic quantities that the dynamics reads from `features`, and `memory` is
    the number of earlier commands that it reads.
    """

    def __init__(
        self,
        task: Task,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        quantities: Mapping[str, Quantity] | None = None,
        sensor_count: int = 0,
        memory: int = 0,
    ) -> None:
        """Plan the kinematics that the task and the dynamics need together."""
        self.task, self.dtype, self.device = task, dtype, torch.device(device)
        self.robot = task.robot
        self.sensor_count, self.memory = sensor_count, memory
        self.kinematics = ForwardKinematics(self.robot, {**task.quantities, **(quantities or {})})
        low, high = self.robot.control_range
        self._low = torch.as_tensor(low, dtype=dtype, device=self.device)
        self._high = torch.as_tensor(high, dtype=dtype, device=self.device)

    def reset(self, generator: Generator, n: int, options: Mapping[str, Any] | None = None) -> State:
        """Starts of `n` episodes. `options` may set `qpos`, `qvel`, `goal` and `previous`, as one row for all or one row for each."""
        given = checked_options(options, self.task, rows=n, memory=self.memory)
        start = self.task.sample_start(generator, n)._asdict()
        start.update({name: from_numpy(value) for name, value in given.items()})
        return self.at(start["qpos"], start["qvel"], start["goal"], start.get("previous"))

    def at(self, qpos: Tensor, qvel: Tensor, goal: Tensor, previous: Tensor | None = None) -> State:
        """States at `qpos (B, nq)`, `qvel (B, nv)` with `goal (B, goal_size)`, after the commands `previous`, by default none.

        Sensors are zero before the first step.
        """
        qpos, qvel, goal = (part.to(self.device, self.dtype) for part in (qpos, qvel, goal))
        sensors = qpos.new_zeros(len(qpos), self.sensor_count)
        if not self.memory:
            previous = None
        elif previous is None:
            previous = no_commands(len(qpos), self.memory, self.robot.nu, qpos)
        else:
            previous = previous.to(self.device, self.dtype)
        return State(qpos, qvel, goal, sensors, self._features(qpos, qvel), previous)

    def observe(self, state: State) -> dict[str, Tensor]:
        """The observation of `state` by name, in dm_control's order."""
        return self.task.observation(state.features, state.goal, state.sensors)

    def step(self, state: State, action: Tensor, dynamics: Dynamics) -> Transition:
        """Apply `action (B, nu)` for one control step. The dynamics gets it clipped to the actuators' range, the reward unclipped."""
        action = as_kind(action, self.device, self.dtype)
        command, previous = self.clipped(action), state.previous
        if previous is None:
            moved = dynamics.step(state.qpos, state.qvel, command, features=state.features)
        else:
            known = commands_before(previous, command)
            moved = dynamics.step(state.qpos, state.qvel, command, features=state.features, previous=known)
            previous = commands_after(known, command)
        qpos, qvel, sensors = moved
        after = State(qpos, qvel, state.goal, sensors, self._features(qpos, qvel), previous)
        reward = self.task.reward(after.features, action, after.goal, after.sensors)
        terminated = self.task.terminated(after.features, after.goal)
        if terminated is None:
            terminated = torch.zeros_like(qpos[:, 0], dtype=torch.bool)
        return Transition(after, self.observe(after), reward, terminated)

    def clipped(self, action: Tensor) -> Tensor:
        """`action`, clipped to the actuators' range."""
        return torch.clamp(as_kind(action, self.device, self.dtype), self._low, self._high)

    def _features(self, qpos: Tensor, qvel: Tensor) -> Features:
        return Features(self.robot, qpos, qvel, self.kinematics(qpos, qvel))
