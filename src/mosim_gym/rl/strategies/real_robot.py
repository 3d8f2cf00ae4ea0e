"""`RealRobot`: anything that takes real steps, from a simulator behind Gymnasium to a machine behind a network, as strategies use it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.envs.starts import Starts
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import KinematicValues, Step
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.robots import Task

Array = np.ndarray
StateOf = Callable[[Any, Mapping[str, Any]], tuple[Array, Array]]
"""A function from an environment's observation and info to `(qpos (nq,), qvel (nv,))`."""


class RobotSilent(ConnectionError):
    """A robot does not answer. Strategies save what they have learned, raise it, and go on when they are called again."""


class Measured(NamedTuple):
    """The state of a robot at one moment: `qpos (nq,)` and `qvel (nv,)`, as MuJoCo has them."""

    qpos: Array
    qvel: Array
    on_time: bool = True
    """Whether exactly one control step lies between the measurement before and this one. If not, or if a number is not finite, no model
    learns from the step.
    """


class RealRobot(ABC):
    """A robot on which a strategy takes steps, one after another, and `task`, which says what the policy observes and is rewarded for.

    `reset` and `step` may take as long as a control step does. Both raise `RobotSilent` where the robot does not answer.
    """

    task: Task
    """Of a robot whose control step is that of the machine."""
    episode_steps: int = 1000
    """Control steps after which the robot is reset."""

    @property
    def identity(self) -> str:
        """The text by which the record of a run knows this robot."""
        return f"{self.task.robot.name} behind {type(self).__name__}"

    @abstractmethod
    def reset(self) -> Measured:
        """Bring the robot to a start of an episode."""

    @abstractmethod
    def step(self, command: Array) -> Measured:
        """Give `command (nu,)`, which is within the actuators' range, hold it for one control step, and measure."""


def state_in_info(observation: Any, info: Mapping[str, Any]) -> tuple[Array, Array]:
    """The state where this package's environments have it."""
    return info["qpos"], info["qvel"]


class GymRobot(RealRobot):
    """A Gymnasium environment as a robot. Its own observation and reward are not used.

    By default the state is `info["qpos"]` and `info["qvel"]`, as `mosim_gym.make_real` has them.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        task: Task,
        state: StateOf | None = None,
        *,
        seed: int | None = None,
        episode_steps: int = 1000,
    ) -> None:
        """`state(observation, info)` gives `(qpos, qvel)`. `seed` is that of the first episode."""
        self.env, self.task, self.episode_steps = env, task, episode_steps
        self._state: StateOf = state or state_in_info
        self._seed, self._jumped = seed, False

    def reset(self) -> Measured:
        """Begin an episode of the environment."""
        observation, info = self.env.reset(seed=self._seed)
        self._seed, self._jumped = None, False
        return Measured(*self._state(observation, info))

    def step(self, command: Array) -> Measured:
        """Take a step of the environment. Where its own episode ends it begins anew, and the next step is not on time."""
        observation, _, terminated, truncated, info = self.env.step(command)
        measured = Measured(*self._state(observation, info), on_time=not self._jumped)
        self._jumped = bool(terminated or truncated)
        if self._jumped:
            self.env.reset()
        return measured


class RobotDynamics(Dynamics):
    """A robot behind the interface of `Dynamics`, for an environment with one row. The robot, not the given state, says where it is."""

    dtype = torch.float64
    is_truth = True

    def __init__(self, robot: RealRobot) -> None:
        """The robot has not been asked yet."""
        self.machine, self.robot = robot, robot.task.robot
        self.on_time = True
        """Whether the last step lasted one control step. A reset does not change it."""

    @property
    def identity(self) -> str:
        """The robot's."""
        return self.machine.identity

    def step(
        self, qpos: Any, qvel: Any, action: Any, features: KinematicValues | None = None, previous: Any = None
    ) -> Step:
        """One real step under `action (1, nu)`."""
        found = self.machine.step(action[0].double().numpy())
        finite = bool(np.isfinite(found.qpos).all() and np.isfinite(found.qvel).all())
        self.on_time = bool(found.on_time) and finite
        return Step(*self.measured(found), qpos.new_zeros(1, 0))

    def measured(self, found: Measured) -> tuple[Tensor, Tensor]:
        """A measurement as `qpos (1, nq)` and `qvel (1, nv)`. Raises `ValueError` for other sizes."""
        parts: list[Tensor] = []
        for name, part, size in (("qpos", found.qpos, self.robot.nq), ("qvel", found.qvel, self.robot.nv)):
            array = np.asarray(part, np.float64)
            if array.shape != (size,):
                raise ValueError(
                    f"{type(self.machine).__name__} measured {name} of shape {array.shape}; {self.robot.name} needs ({size},)."
                )
            parts.append(from_numpy(array.copy())[None])
        return parts[0], parts[1]


class RobotStarts(Starts):
    """Episodes begin where the robot is after a reset."""

    def __init__(self, dynamics: RobotDynamics) -> None:
        """The robot is not reset yet."""
        super().__init__(dynamics.machine.task)
        self._dynamics = dynamics

    def draw(self, generator: Generator, n: int) -> dict[str, Tensor]:
        """The state after a reset of the robot."""
        qpos, qvel = self._dynamics.measured(self._dynamics.machine.reset())
        return {"qpos": qpos, "qvel": qvel}
