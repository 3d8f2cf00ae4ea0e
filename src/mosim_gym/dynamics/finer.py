"""`FinerSteps`: dynamics with shorter control steps move a robot by as many of them as its control step lasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mosim_gym.dynamics.wrapped import Wrapped
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import KinematicValues, Step, Trajectory


class FinerSteps(Wrapped):
    """`finer` moves `robot`, one of whose control steps is `times` of its own under the same action."""

    def __init__(self, finer: Dynamics, robot: Robot, times: int) -> None:
        """They must move the same robot but for the control step."""
        super().__init__(finer, robot)
        self._times = times
        self.memory = -(-finer.memory // times)

    def step(
        self, qpos: Any, qvel: Any, action: Any, features: KinematicValues | None = None, previous: Any = None
    ) -> Step:
        """The state after one control step; sensors are read at its end."""
        if not self.memory:
            step = self.inner.step(qpos, qvel, action, features)
            for _ in range(self._times - 1):
                step = self.inner.step(step.qpos, step.qvel, action)
            return step
        join: Any = torch.cat if isinstance(action, Tensor) else np.concatenate
        before = self._before(join([action[:, None]] * self.memory, 1) if previous is None else previous)
        step = Step(qpos, qvel, None)
        for number in range(self._times):
            step = self.inner.step(step.qpos, step.qvel, action, None if number else features, previous=before)
            before = join([before[:, 1:], action[:, None]], 1)
        return step

    def rollout(self, qpos: Any, qvel: Any, actions: Any, previous: Any = None) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`."""
        known = {} if previous is None else {"previous": self._before(previous)}
        path = self.inner.rollout(qpos, qvel, self._repeated(actions), **known)
        return Trajectory(*(part[:, self._times - 1 :: self._times] for part in path))

    def disagreement(
        self,
        qpos: Tensor,
        qvel: Tensor,
        action: Tensor,
        features: KinematicValues | None = None,
        previous: Tensor | None = None,
    ) -> Tensor:
        """That of the first of the finer steps."""
        return super().disagreement(qpos, qvel, action, features, self._before(previous))

    def _repeated(self, commands: Any) -> Any:
        """Each of `commands (B, T, nu)` as often as it is held in finer steps."""
        repeat = torch.repeat_interleave if isinstance(commands, Tensor) else np.repeat
        return repeat(commands, self._times, 1)

    def _before(self, previous: Any) -> Any:
        """The commands before the first of the finer steps, from those before the control step."""
        return self._repeated(previous)[:, -self.inner.memory :] if self.memory and previous is not None else previous


def steps_within(fine: Robot, coarse: Robot) -> int | None:
    """How many control steps of `fine` are one of `coarse`, if they are one robot otherwise; else None."""
    if fine.name.partition("@")[0] != coarse.name or fine.model_digest != coarse.model_digest:
        return None
    times, rest = divmod(coarse.substeps, fine.substeps)
    return times if rest == 0 else None
