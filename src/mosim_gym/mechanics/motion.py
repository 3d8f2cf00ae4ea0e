"""What anything that moves a robot returns: one step, or a trajectory of them."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor


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
