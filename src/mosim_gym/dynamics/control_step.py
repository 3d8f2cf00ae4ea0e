"""What a model says about one control step, and whether a robot's integrator already says part of it."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from mosim_gym.mechanics import Robot


class Motion(NamedTuple):
    """What the model says about one control step: mean acceleration `(…, nv)`, rad/s² or m/s², and `drift (…, nv)`.

    `drift`, rad/s or m/s, is by how much the mean velocity over the step differs from the mean of the velocities at its ends; None where
    the integrator makes it known. `sensors (…, ns)` are the readings at the step's end as `log(1 + x)`, None where there are none.
    """

    acceleration: Tensor
    drift: Tensor | None
    sensors: Tensor | None = None


def learns_drift(robot: Robot) -> bool:
    """Whether a position update must be learned: MuJoCo's Euler moves the position by the new velocity, exactly, each physics step."""
    return robot.integrator != "Euler" or robot.substeps > 1
