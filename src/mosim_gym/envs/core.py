"""The functional core of every environment: a task, forward kinematics and any dynamics, batched, without hidden state.

    state = core.reset(generator, n, options)
    state, observation, reward, terminated = core.step(state, action, dynamics)

One forward-kinematics pass per step serves the reward, the observation and, as `features`, the model's next input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import ForwardKinematics, Quantity, Robot
from mosim_gym.mechanics.motion import KinematicValues, Step
from mosim_gym.robots import Features, Task

RESET_OPTIONS = ("qpos", "qvel", "goal")


class Dynamics(Protocol):
    """Anything that moves a robot by one control step: a learned Simulator, or the truth."""

    robot: Robot
    timestep: float
    dtype: torch.dtype

    def step(self, qpos: Tensor, qvel: Tensor, action: Tensor, features: KinematicValues | None = None) -> Step:
        """The state after one control step under a constant, already clipped action."""
        ...


class State(NamedTuple):
    """The states of B environments; `features` are their kinematics."""

    qpos: Tensor
    qvel: Tensor
    goal: Tensor
    sensors: Tensor
    features: Features


class Transition(NamedTuple):
    """What `step` returns: the next state, its observation by name, reward `(B,)`, and where the episode ended for good `(B,)`."""

    state: State
    observation: dict[str, Tensor]
    reward: Tensor
    terminated: Tensor


class Core:
    """`task` on `device` in `dtype`; `quantities` are further kinematic quantities the dynamics wants to find in `features`."""

    def __init__(
        self,
        task: Task,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        quantities: Mapping[str, Quantity] | None = None,
        sensor_count: int = 0,
    ) -> None:
        """Plan the kinematics that the task and the dynamics need together."""
        self.task, self.dtype, self.device = task, dtype, torch.device(device)
        self.robot = task.robot
        self.sensor_count = sensor_count
        self.kinematics = ForwardKinematics(self.robot, {**task.quantities, **(quantities or {})})
        low, high = self.robot.control_range
        self._low = torch.as_tensor(low, dtype=dtype, device=self.device)
        self._high = torch.as_tensor(high, dtype=dtype, device=self.device)

    def reset(self, generator: Generator, n: int, options: Mapping[str, Any] | None = None) -> State:
        """Starts of `n` episodes; `options` may fix `qpos`, `qvel` and `goal`, as one row for all or one for each."""
        start = self.task.sample_start(generator, n)
        chosen = {
            "qpos": self._given("qpos", self.robot.nq, n, options),
            "qvel": self._given("qvel", self.robot.nv, n, options),
            "goal": self._given("goal", self.task.goal_size, n, options),
        }
        unknown = set(options or {}) - set(RESET_OPTIONS)
        if unknown:
            raise ValueError(f"Unknown reset option {sorted(unknown)[0]!r}. Valid: {', '.join(RESET_OPTIONS)}.")
        if chosen["qpos"] is not None and chosen["qvel"] is None:
            chosen["qvel"] = torch.zeros(n, self.robot.nv)
        qpos, qvel, goal = (
            (given if given is not None else sampled).to(self.device, self.dtype)
            for given, sampled in zip(chosen.values(), start, strict=True)
        )
        sensors = qpos.new_zeros(n, self.sensor_count)
        return State(qpos, qvel, goal, sensors, self._features(qpos, qvel))

    def observe(self, state: State) -> dict[str, Tensor]:
        """The observation of `state` by name, in dm_control's order."""
        return self.task.observation(state.features, state.goal, state.sensors)

    def step(self, state: State, action: Tensor, dynamics: Dynamics) -> Transition:
        """Apply `action (B, nu)` for one control step; the dynamics sees it clipped to the actuators' range, the reward as it is."""
        action = action.to(self.device, self.dtype)
        clipped = torch.clamp(action, self._low, self._high)
        qpos, qvel, sensors = dynamics.step(state.qpos, state.qvel, clipped, features=state.features)
        after = State(qpos, qvel, state.goal, sensors, self._features(qpos, qvel))
        reward = self.task.reward(after.features, action, after.goal, after.sensors)
        terminated = self.task.terminated(after.features, after.goal)
        if terminated is None:
            terminated = torch.zeros(len(qpos), dtype=torch.bool, device=self.device)
        return Transition(after, self.observe(after), reward, terminated)

    def _features(self, qpos: Tensor, qvel: Tensor) -> Features:
        return Features(self.robot, qpos, qvel, self.kinematics(qpos, qvel))

    def _given(self, name: str, size: int, n: int, options: Mapping[str, Any] | None) -> Tensor | None:
        value = (options or {}).get(name)
        if value is None:
            return None
        array = torch.as_tensor(np.asarray(value, np.float64) if not isinstance(value, Tensor) else value)
        if array.shape not in ((size,), (1, size), (n, size)):
            raise ValueError(
                f"options[{name!r}] has shape {tuple(array.shape)}; {self.task.id()} needs ({size},) or ({n}, {size})."
            )
        if not bool(torch.isfinite(array).all()):
            raise ValueError(f"options[{name!r}] holds numbers that are not finite.")
        array = array.expand(n, size).clone()
        return self._unit_quaternions(array) if name == "qpos" else array

    def _unit_quaternions(self, qpos: Tensor) -> Tensor:
        for first in self.robot.quaternion_starts:
            part = qpos[:, first : first + 4]
            if bool((part.norm(dim=-1) < 1e-8).any()):
                raise ValueError("options['qpos'] holds a zero quaternion; a rotation needs a non-zero one.")
            qpos[:, first : first + 4] = part / part.norm(dim=-1, keepdim=True)
        return qpos
