"""`LimitedControls`: dynamics whose actuators have narrower ranges, as for a policy that must spare a motor or leave one alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mosim_gym.dynamics.wrapped import Wrapped
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import KinematicValues, Step, Trajectory
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import is_finite

ControlRange = Mapping[str, Sequence[float]]
"""The lowest and the highest control of some actuators, by their names, in their units."""


class LimitedControls(Wrapped):
    """`inner` under controls within `control_range`; actuators that are not named keep their ranges."""

    def __init__(self, inner: Dynamics, control_range: ControlRange) -> None:
        """Raises for names that the robot does not have, and for ranges that are no part of the actuator's own."""
        if not isinstance(control_range, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
            raise TypeError(
                f"control_range is of {type(control_range).__name__}; it must say the range of each actuator by its name, as in "
                f"{{{inner.robot.actuators.names[0]!r}: (-1, 1)}}."
            )
        super().__init__(inner, limited_robot(inner.robot, control_range))
        self._low, self._high = self.robot.control_range

    @property
    def identity(self) -> str:
        """That of the inner dynamics, with the ranges."""
        return f"{super().identity}, controls from {self._low.tolist()} to {self._high.tolist()}"

    def step(
        self, qpos: Any, qvel: Any, action: Any, features: KinematicValues | None = None, previous: Any = None
    ) -> Step:
        """The state after one control step under `action (B, nu)`, which is clipped to the narrower ranges."""
        known = {} if previous is None else {"previous": previous}
        return self.inner.step(qpos, qvel, self._clipped(action), features, **known)

    def rollout(self, qpos: Any, qvel: Any, actions: Any, previous: Any = None) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`, which are clipped to the narrower ranges."""
        known = {} if previous is None else {"previous": previous}
        return self.inner.rollout(qpos, qvel, self._clipped(actions), **known)

    def _clipped(self, action: Any) -> Any:
        low, high = (
            action.new_tensor(side) if hasattr(action, "new_tensor") else side for side in (self._low, self._high)
        )
        return action.clip(low, high)


def limited_robot(robot: Robot, control_range: ControlRange) -> Robot:
    """`robot` with the ranges of some actuators narrowed."""
    names, (low, high) = list(robot.actuators.names), robot.control_range
    ranges, limited = robot.actuators.range.copy(), robot.actuators.limited.copy()
    for name, given in control_range.items():
        if name not in names:
            raise UnknownName("actuator", name, names)
        row, bounds = names.index(name), np.ravel(given).tolist()
        if len(bounds) != 2 or not all(map(is_finite, bounds)) or not bounds[0] < bounds[1]:
            raise ValueError(f"control_range of {name} is {given!r}; it must be two numbers, the lower one first.")
        if bounds[0] < low[row] or bounds[1] > high[row]:
            raise ValueError(
                f"control_range of {name} is {bounds[0]:g} to {bounds[1]:g}; it must lie within the actuator's own, "
                f"{low[row]:g} to {high[row]:g}."
            )
        ranges[row], limited[row] = np.array(bounds), True
    return replace(robot, actuators=replace(robot.actuators, range=ranges, limited=limited))
