"""`FinerSteps`: a model of shorter steps moves a robot by as many of them as its control step lasts."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.motion import KinematicValues, Step, Trajectory


class FinerSteps:
    """`simulator` for `robot`, one of whose control steps is `times` of its steps under the same action."""

    def __init__(self, simulator: Simulator, robot: Robot, times: int) -> None:
        """They must be the same robot but for the control step."""
        self._simulator, self._times = simulator, times
        self.robot, self.timestep = robot, robot.control_step
        self.dtype, self.card, self.quantities = simulator.dtype, simulator.card, simulator.quantities
        self.members, self.model = simulator.members, simulator.model

    def recordable(self, rows: int) -> bool:
        """As the simulator's own steps."""
        return self._simulator.recordable(rows)

    @property
    def version(self) -> int:
        """As the simulator's."""
        return self._simulator.version

    @property
    def shard_unit(self) -> int:
        """As the simulator's own steps."""
        return self._simulator.shard_unit

    def step(self, qpos: Tensor, qvel: Tensor, action: Tensor, features: KinematicValues | None = None) -> Step:
        """The state after one control step; sensors are read at its end."""
        step = self._simulator.step(qpos, qvel, action, features)
        for _ in range(self._times - 1):
            step = self._simulator.step(step.qpos, step.qvel, action)
        return step

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`."""
        finer = (
            actions.repeat_interleave(self._times, 1)
            if isinstance(actions, Tensor)
            else np.repeat(actions, self._times, 1)
        )
        path = self._simulator.rollout(qpos, qvel, finer)
        return Trajectory(*(part[:, self._times - 1 :: self._times] for part in path))

    def disagreement(self, *state: Any) -> Tensor:
        """That of the first of the finer steps."""
        return self._simulator.disagreement(*state)


def steps_within(fine: Robot, coarse: Robot) -> int | None:
    """How many control steps of `fine` are one of `coarse`, if they are one robot otherwise; else None."""
    if fine.name.partition("@")[0] != coarse.name or fine.model_digest != coarse.model_digest:
        return None
    times, rest = divmod(coarse.substeps, fine.substeps)
    return times if rest == 0 else None
