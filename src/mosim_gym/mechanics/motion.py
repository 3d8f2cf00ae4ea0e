"""Motion as arrays: one step, a trajectory, segments of true motion, and the history that a prediction begins with."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor

Array = np.ndarray


class KinematicValues(Protocol):
    """Kinematic quantities by name: what `ForwardKinematics` returns, or a task's features."""

    def __getitem__(self, name: str, /) -> Tensor:
        """The quantity `name`."""
        ...


class Step(NamedTuple):
    """The state after one control step: `qpos (B, nq)`, `qvel (B, nv)`, `sensors (B, ns)`; numpy or torch, as the inputs were."""

    qpos: Any
    qvel: Any
    sensors: Any


class Trajectory(NamedTuple):
    """The states after each of T control steps: `qpos (B, T, nq)`, `qvel (B, T, nv)`, `sensors (B, T, ns)`."""

    qpos: Any
    qvel: Any
    sensors: Any


def check_start(qpos: Tensor, qvel: Tensor, actions: Tensor) -> None:
    """Raise `ValueError` for the first row of `qpos (B, nq)`, `qvel (B, nv)` and `actions (B, T, nu)` that is not finite."""
    for name, part in (("qpos", qpos), ("qvel", qvel), ("actions", actions)):
        finite = part.detach().isfinite().flatten(1).all(1)
        if not bool(finite.all()):
            row = int((~finite).nonzero()[0, 0])
            said = f": {part[row].detach().cpu().numpy().tolist()}" if part.ndim == 2 else ""
            raise ValueError(f"{name} of row {row} is not finite{said}; a rollout needs finite states and actions.")


class Segments(NamedTuple):
    """N segments of T control steps: `qpos (N, T + 1, nq)`, `qvel (N, T + 1, nv)`, `actions (N, T, nu)`, `sensors (N, T, ns)`, float64."""

    qpos: Array
    qvel: Array
    actions: Array
    sensors: Array

    @property
    def transitions(self) -> int:
        """The number of control steps in all segments."""
        return self.actions.shape[0] * self.actions.shape[1]


class History(NamedTuple):
    """True motion up to the present: C states `qpos (B, C, nq)`, `qvel (B, C, nv)`, and the `actions (B, C - 1, nu)` between them.

    The last state is the present one.
    """

    qpos: Any
    qvel: Any
    actions: Any

    def latest(self, states: int) -> History:
        """The last `states` states, and the actions between them."""
        first = self.qpos.shape[1] - states
        return History(self.qpos[:, first:], self.qvel[:, first:], self.actions[:, first:])
