"""`WatchedSteps`: the steps of many episodes, held against the box of a model's data and against the robot's limits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from mosim_gym.envs.core import State
from mosim_gym.mechanics.coordinates import position_names
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import is_finite
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.rl.assessment import Excursion, TouchedLimit

Array = np.ndarray
NEAR = 0.01
"""A position or command counts as at its limit within this share of its range."""


class WatchedSteps:
    """Counts over the steps of `rows` episodes side by side in `dynamics`."""

    def __init__(self, dynamics: Dynamics, rows: int, speed_limits: Mapping[str, float]) -> None:
        """Raises for a speed limit of an unknown joint, and for one that is not a positive number."""
        robot = self._robot = dynamics.robot
        box = dynamics.card.get("box")
        self.has_box = box is not None
        self._low, self._high = (np.full(robot.nq + robot.nv, side) for side in (-np.inf, np.inf))
        if box is not None:
            for side, (whole, end) in enumerate(((self._low, -np.inf), (self._high, np.inf))):
                whole[:] = [end if x is None else x for name in ("qpos", "qvel") for x in box[name][side]]
        self._names = [f"position of {name}" for name in position_names(robot)]
        self._names += [f"velocity of {name}" for name in robot.dofs.names]
        self._lowest, self._highest = np.full_like(self._low, np.inf), np.full_like(self._low, -np.inf)
        self._beyond = np.zeros(len(self._low), int)
        self._steps, self._outside, self._time = 0, 0, 0
        self._first = np.full(rows, -1)
        self._limits = list(_limits(robot, speed_limits))
        self._touched = np.zeros(len(self._limits), int)

    def add(self, running: Array, state: State, command: Tensor) -> None:
        """Count the step to `state` under the clipped `command (B, nu)` in the rows that are `running (B,)`."""
        self._time += 1
        reached = np.concatenate([part.cpu().numpy().astype(np.float64) for part in (state.qpos, state.qvel)], axis=1)
        beyond = (reached < self._low) | (reached > self._high)
        left = beyond.any(1) & running
        self._first[left & (self._first < 0)] = self._time
        self._steps += int(running.sum())
        self._outside += int(left.sum())
        self._beyond += beyond[running].sum(0)
        if running.any():
            self._lowest = np.minimum(self._lowest, reached[running].min(0))
            self._highest = np.maximum(self._highest, reached[running].max(0))
        given = np.concatenate((reached, command.cpu().numpy()), axis=1)[running]
        for i, (_, column, low, high) in enumerate(self._limits):
            self._touched[i] += int(((given[:, column] <= low) | (given[:, column] >= high)).sum())

    @property
    def outside(self) -> float:
        """The share of steps whose state is outside the box."""
        return self._outside / max(self._steps, 1)

    @property
    def first_outside(self) -> float | None:
        """Median seconds until an episode left the box, over those that did; None if none did."""
        left = self._first[self._first >= 0]
        return float(np.median(left)) * self._robot.control_step if len(left) else None

    def excursions(self) -> tuple[Excursion, ...]:
        """All coordinates that were outside, the most frequent first."""
        order = [int(i) for i in np.argsort(-self._beyond, kind="stable") if self._beyond[i]]
        return tuple(
            Excursion(
                self._names[i],
                float(self._beyond[i] / self._steps),
                (float(self._low[i]), float(self._high[i])),
                (float(self._lowest[i]), float(self._highest[i])),
            )
            for i in order
        )

    def limits(self) -> tuple[TouchedLimit, ...]:
        """All limits that were touched, the most frequent first."""
        order = [int(i) for i in np.argsort(-self._touched, kind="stable") if self._touched[i]]
        found: list[TouchedLimit] = []
        for i in order:
            (kind, name, limit), *_ = self._limits[i]
            found.append(TouchedLimit(kind, name, limit, float(self._touched[i] / self._steps)))
        return tuple(found)


_Limit = tuple[tuple[str, str, float], int, float, float]
"""Kind, name and number; the column of `[qpos | qvel | command]`; and up to which and from which number on it is touched."""


def _limits(robot: Robot, speed_limits: Mapping[str, float]) -> list[_Limit]:
    """All limits of the robot, and the given ones of speed."""
    joints, found = robot.joints, list[_Limit]()

    def between(kind: str, name: str, column: int, low: float, high: float) -> None:
        margin = NEAR * (high - low)
        found.append(((kind, f"{name}, lower", low), column, low + margin, np.inf))
        found.append(((kind, f"{name}, upper", high), column, -np.inf, high - margin))

    for row, name in enumerate(joints.names):
        if joints.limited[row] and JointType(joints.type[row]) in (JointType.HINGE, JointType.SLIDE):
            between("position", name, int(joints.qpos_start[row]), *map(float, joints.range[row]))
    for name, speed in speed_limits.items():
        if name not in joints.names:
            raise UnknownName("joint with a speed limit", name, list(joints.names))
        if not is_finite(speed) or speed <= 0:
            raise ValueError(f"The speed limit of {name} is {speed!r}; it must be a positive number.")
        where = robot.qvel_indices(name)
        for column in range(where.start, where.stop):
            found.append((("speed", name, float(speed)), robot.nq + column, -float(speed), float(speed)))
    low, high = robot.control_range
    for row, name in enumerate(robot.actuators.names):
        if robot.actuators.limited[row]:
            between("command", name or f"actuator {row}", robot.nq + robot.nv + row, float(low[row]), float(high[row]))
    return found
