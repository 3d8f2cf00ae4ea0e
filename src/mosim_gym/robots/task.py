"""`Task`: a goal for a robot, as pure batched functions of its state, and `Features`, which those functions read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import ForwardKinematics, Quantity, Robot


class Features:
    """A batch of states with the quantities that the task declares: `features["name"]`, `features.qpos`, `features.qvel`."""

    __slots__ = ("_values", "qpos", "qvel", "robot")

    def __init__(self, robot: Robot, qpos: Tensor, qvel: Tensor, values: Mapping[str, Tensor]) -> None:
        """`values` are what `ForwardKinematics` returned at `qpos (B, nq)`, `qvel (B, nv)`."""
        self.robot, self.qpos, self.qvel, self._values = robot, qpos, qvel, values

    def __getitem__(self, name: str) -> Tensor:
        """The quantity `name`, world frame, SI units."""
        return self._values[name]

    @property
    def values(self) -> Mapping[str, Tensor]:
        """All quantities by name."""
        return self._values

    def joint(self, name: str) -> Tensor:
        """Position of a joint, `(B, 1)` for hinges and slides."""
        return self.qpos[..., self.robot.qpos_indices(name)]

    def joint_velocity(self, name: str) -> Tensor:
        """Velocity of a joint, `(B, 1)` for hinges and slides."""
        return self.qvel[..., self.robot.qvel_indices(name)]


class Start(NamedTuple):
    """Sampled starts of episodes: `qpos (n, nq)`, `qvel (n, nv)`, `goal (n, goal_size)`."""

    qpos: Tensor
    qvel: Tensor
    goal: Tensor


class Mark(NamedTuple):
    """A disc that shows a goal in a drawing: its centre in the world (m), its radius (m), and its colour in [0, 1]."""

    x: float
    y: float
    z: float
    radius: float
    rgb: tuple[float, float, float]


TARGET_RGB = (0.6, 0.3, 0.3)  # the colour of dm_control's targets


class Task(ABC):
    """One task of one robot. Subclasses are stateless: everything they compute follows from their arguments.

    The class docstring says what reward, start and end are. The documentation of the task is made from it.
    """

    domain: ClassVar[str]
    name: ClassVar[str]
    tags: ClassVar[frozenset[str]] = frozenset()
    """`benchmarking`: in dm_control's benchmarking set. `paper`: of a robot in the MoSim paper, without sparse variants."""
    quantities: Mapping[str, Quantity] = {}
    """What forward kinematics must compute for `observation` and `reward`."""
    sensor_count: int = 0
    """The number of sensor readings that do not follow from the robot's state. The catalogue sets it for its own tasks."""
    goal_names: tuple[str, ...] = ()
    """One name for each number of the goal."""
    observation_names: Mapping[str, str] = {}
    """What each key of the observation is, with its unit, in the observation's order."""
    column_names: tuple[str, ...] = ()
    """One name for each number of the flat observation; if there are none, they are made of the keys."""
    in_dm_control: ClassVar[bool] = True
    """Whether dm_control's suite has the task, so that tests compare the two."""
    deviations: ClassVar[tuple[str, ...]] = ()
    """Every known difference from the dm_control task."""
    hidden_geoms: ClassVar[tuple[str, ...]] = ()
    """Geoms that only show the goal. Drawings leave them out and draw `goal_marks` instead."""

    zero_shot: ClassVar[Mapping[str, Any]] = {}
    """The task's own settings of zero-shot training, by name. `algo` names the learner."""

    def __init__(self, robot: Robot) -> None:
        """Bind the task to its robot's description."""
        self.robot = robot

    @cached_property
    def _kinematics(self) -> ForwardKinematics:
        return ForwardKinematics(self.robot, self.quantities)

    def features(self, qpos: Tensor, qvel: Tensor) -> Features:
        """The features of states `qpos (B, nq)`, `qvel (B, nv)`, which `observation` and `reward` read."""
        return Features(self.robot, qpos, qvel, self._kinematics(qpos, qvel))

    @classmethod
    def id(cls) -> str:
        """`CheetahRun` for domain `cheetah`, name `run`."""
        return "".join(part.capitalize() for part in f"{cls.domain}_{cls.name}".split("_"))

    @property
    def goal_size(self) -> int:
        """Numbers in the goal of one environment."""
        return len(self.goal_names)

    @abstractmethod
    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        """The observation's named parts `(B, k)`, or `(B,)` for scalars, in dm_control's order."""

    @abstractmethod
    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        """Reward `(B,)` in the state after the step. `action` is the control as the caller gave it, before clipping."""

    def terminated(self, features: Features, goal: Tensor) -> Tensor | None:
        """Whether each episode ends for good `(B,)`, bool; None if the task's episodes never do."""
        return None

    def sample_start(self, generator: Generator, n: int) -> Start:
        """Starts of `n` episodes, float64 on the CPU. By default they are drawn from the bank of the true task's starts."""
        bank = self.robot.reset_banks.get(self.name)
        if bank is None:
            raise KeyError(f"{self.robot.name} has no reset bank {self.name!r}; build it with `mosim-gym build-robot`.")
        rows = torch.randint(len(bank.qpos), (n,), generator=generator).numpy()
        qpos = torch.from_numpy(bank.qpos[rows].astype(np.float64))
        qvel = torch.from_numpy(bank.qvel[rows].astype(np.float64))
        return Start(qpos, qvel, self.sample_goal(generator, n))

    def sample_goal(self, generator: Generator, n: int) -> Tensor:
        """Goals of `n` episodes `(n, goal_size)`, float64."""
        return torch.zeros(n, self.goal_size, dtype=torch.float64)

    def place_goal(self, model: Any, goal: np.ndarray) -> None:  # noqa: B027
        """Write `goal (goal_size,)` into an `MjModel`, where dm_control keeps it. Tasks without a goal write nothing."""

    def read_goal(self, model: Any) -> np.ndarray:
        """The goal that an `MjModel` holds, `(goal_size,)`; inverse of `place_goal`."""
        return np.zeros(0)

    def goal_marks(self, goal: np.ndarray) -> list[Mark]:
        """The marks that show `goal (goal_size,)` in a drawing; empty for tasks without a goal."""
        return []
