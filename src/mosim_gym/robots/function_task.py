"""`FunctionTask`: a task made of functions of named features, for any robot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.coordinates import position_names
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.robots.function_checks import (
    check_arguments,
    check_finite,
    check_one,
    check_rows,
    check_torch,
    checked_goals,
    checked_observation,
)
from mosim_gym.robots.named_features import Asked, NamedFeatures
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.trial_states import Trial, at_rest, varied

Reward = Callable[[NamedFeatures, Tensor], Tensor]
"""The reward `(B,)` in the state after a step, from its features and the action `(B, nu)`."""
Observe = Callable[[NamedFeatures], Tensor | dict[str, Tensor]]
"""The observation `(B, n)`, or its parts by name."""
Terminate = Callable[[NamedFeatures], Tensor]
"""Whether episodes end for good, `(B,)` bool."""
DrawGoals = Callable[[Generator, int], Tensor]
"""Goals `(n, k)` of n episodes."""
Array = np.ndarray
VARIED = 6
"""States on which it is tried whether a row depends on other rows."""
_ARGUMENTS = {"reward": ("features", "action"), "goal": ("generator", "n")}


@dataclass(frozen=True)
class TaskFunctions:
    """What a task consists of. By default the observation is all positions (of unlimited hinges sine and cosine) and all velocities."""

    reward: Reward
    observation: Observe | None = None
    terminated: Terminate | None = None
    goal: DrawGoals | None = None

    def __post_init__(self) -> None:
        """Raise `TypeError` for what cannot be called, or not with its arguments."""
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None or item.name == "reward":
                check_arguments(item.name, value, _ARGUMENTS.get(item.name, ("features",)))


class FunctionTask(Task):
    """A task whose reward, observation and end are functions. `starts` are the states `(qpos (N, nq), qvel (N, nv))` in which it begins, by
    default the robot's rest state.

    The functions must be pure: a step is recorded, so what they read beside their arguments is read once.
    """

    domain, name = "own", "task"
    in_dm_control = False

    def __init__(
        self,
        robot: Robot,
        functions: TaskFunctions,
        starts: tuple[Array, Array] | None = None,
        *,
        sensor_count: int = 0,
    ) -> None:
        """`try_functions` finds what kinematics they need. Before, each quantity is computed alone."""
        super().__init__(robot)
        self.functions, self._asked = functions, Asked(robot)
        starts = starts or (robot.qpos0[None], np.zeros((1, robot.nv)))
        self._starts = tuple(from_numpy(np.array(part, np.float64)) for part in starts)
        self.sensor_count = sensor_count
        if functions.goal is not None:
            drawn = checked_goals(functions.goal(Generator().manual_seed(0), 2), 2)
            self.goal_names = tuple(f"goal {i}" for i in range(drawn.shape[1]))
        self._plain, self._angles = _columns(robot)
        if functions.observation is None:
            self.observation_names = {
                "position": "positions (rad or m), then sines and cosines of hinges without limits",
                "velocity": "velocities (rad/s or m/s)",
            }
            names = position_names(robot)
            self.column_names = (
                *(names[i] for i in self._plain),
                *(f"sin of {names[i]}" for i in self._angles),
                *(f"cos of {names[i]}" for i in self._angles),
                *(f"velocity of {name}" for name in robot.dofs.names),
            )

    def try_functions(self, qpos: Tensor, qvel: Tensor, *, box: Box | None = None, gradients: bool = False) -> None:
        """Call every function on states `qpos (B, nq)`, `qvel (B, nv)` of the starts, with the dtype and device that it will get, and on
        other states and actions in `box`: together, in another order, and each alone.

        Raises `TypeError` or `ValueError` for results that are no tensors, of a wrong shape, or in a start not finite, and for rows that
        depend on one another. `gradients` also raises for functions that leave torch.
        """
        generator, calls = Generator().manual_seed(0), self._calls()
        starts = at_rest(self.robot, qpos, qvel, self.sample_goal(generator, len(qpos)).to(qpos))
        some = starts.rows(torch.arange(VARIED) % len(qpos))
        some = some._replace(goal=self.sample_goal(generator, VARIED).to(qpos))
        others = varied(self.robot, some, box, generator)
        orders = [torch.arange(VARIED).flip(0), *torch.arange(VARIED)[:, None]]

        def found(name: str, at: Trial) -> object:
            features = Features(self.robot, at.qpos, at.qvel, {})
            return calls[name](NamedFeatures(features, at.goal, self._asked), at.action)

        for name in calls:
            result = found(name, starts)
            check_one(name, result, len(qpos))
            check_finite(name, result)
            check_rows(name, found(name, others), [(rows, found(name, others.rows(rows))) for rows in orders])
            if gradients and name != "terminated":
                check_torch(name, lambda q, name=name: found(name, starts._replace(qpos=q)), qpos)
        self.quantities = dict(self._asked.quantities)
        vars(self).pop("_kinematics", None)

    def _calls(self) -> dict[str, Callable[[NamedFeatures, Tensor], object]]:
        """The functions that there are, each with the arguments of a reward."""
        f = self.functions
        calls: dict[str, Callable[[NamedFeatures, Tensor], object]] = {"reward": f.reward}
        for name, call in (("observation", f.observation), ("terminated", f.terminated)):
            if call is not None:
                calls[name] = lambda features, _, call=call: call(features)
        return calls

    @classmethod
    def id(cls) -> str:
        """Its name in messages: it is not in the catalogue."""
        return "this task"

    def _named(self, features: Features, goal: Tensor) -> NamedFeatures:
        return NamedFeatures(features, goal, self._asked)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        """The function's observation, or positions and velocities."""
        if self.functions.observation is not None:
            return checked_observation(self.functions.observation(self._named(features, goal)), features.qpos)
        angles = features.qpos[..., self._angles]
        parts = [features.qpos[..., self._plain], torch.sin(angles), torch.cos(angles)]
        return {"position": torch.cat(parts, dim=-1), "velocity": features.qvel}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        """The function's reward."""
        said = self.functions.reward(self._named(features, goal), action)
        return said if said.dtype == features.qpos.dtype else said.to(features.qpos.dtype)

    def terminated(self, features: Features, goal: Tensor) -> Tensor | None:
        """What the function says; None without one."""
        terminate = self.functions.terminated
        return None if terminate is None else terminate(self._named(features, goal))

    def sample_start(self, generator: Generator, n: int) -> Start:
        """Rows of the starts, with goals."""
        qpos, qvel = self._starts
        rows = torch.randint(len(qpos), (n,), generator=generator)
        return Start(qpos[rows], qvel[rows], self.sample_goal(generator, n))

    def sample_goal(self, generator: Generator, n: int) -> Tensor:
        """What the function draws."""
        if self.functions.goal is None:
            return super().sample_goal(generator, n)
        return checked_goals(self.functions.goal(generator, n), n)


def _columns(robot: Robot) -> tuple[list[int], list[int]]:
    """Columns of `qpos` that are observed as they are, and those of hinges without limits."""
    joints = robot.joints
    unlimited = (joints.type == JointType.HINGE) & ~joints.limited
    angles = [int(start) for start in joints.qpos_start[unlimited]]
    return [column for column in range(robot.nq) if column not in angles], angles
