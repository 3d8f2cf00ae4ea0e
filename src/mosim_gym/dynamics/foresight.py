"""What the robot would touch if nothing touched it: contact features at the places to which flight leads within one control step.

*Flight* is the motion over one control step by the predictor alone. From its mean acceleration a and its drift δ follow the states at any
instant of the step. With the acceleration taken as linear in time, `α + β t`, MuJoCo's Euler of S steps of h seconds moves by

    v(k h) = v + α t + β t²/2,      t = k h
    q(k h) = q ⊕ h Σⱼ v(j h),       j = 1 … k

and other integrators by the integral. α and β are those that lead to the given a and δ at the step's end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.dynamics.control_step import Motion, learns_drift
from mosim_gym.mechanics import ForwardKinematics, Robot, integrate

Array = np.ndarray


class Foresight(nn.Module):
    """Maps states and their flight to the contact features of now and at `instants`, which are shares of the control step in (0, 1]."""

    _times: Tensor
    _velocity: Tensor
    _displacement: Tensor
    _closed: Tensor

    def __init__(self, robot: Robot, contact: ContactFeatures, instants: Sequence[float]) -> None:
        """Work out once how far acceleration and drift lead until each instant."""
        super().__init__()
        if not all(0 < instant <= 1 for instant in instants):
            raise ValueError(
                f"foresight is {tuple(instants)}; instants are shares of the control step, above 0 and at most 1."
            )
        self.robot, self.contact = robot, contact
        self._kinematics = ForwardKinematics(robot, contact.quantities)
        instants = (0.0, *instants)
        self.size = contact.along_size(len(instants))
        self.register_buffer("_closed", torch.tensor(contact.closed_columns(len(instants))), persistent=False)
        velocity, displacement = _reached(robot, instants)
        times = robot.control_step * np.array(instants)
        for name, values in (("_times", times[:, None]), ("_velocity", velocity), ("_displacement", displacement)):
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.float32), persistent=False)

    def states(self, qpos: Tensor, qvel: Tensor, flight: Motion) -> tuple[Tensor, Tensor]:
        """Positions `(…, K, nq)` and velocities `(…, K, nv)` of `flight` from `qpos (…, nq)`, `qvel (…, nv)`: now and at each instant."""
        now = qvel.unsqueeze(-2)
        acceleration = flight.acceleration.unsqueeze(-2)
        then = now + self._velocity[:, :1] * acceleration
        moved = self._times * now + self._displacement[:, :1] * acceleration
        if flight.drift is not None:
            drift = flight.drift.unsqueeze(-2)
            then = then + self._velocity[:, 1:] * drift
            moved = moved + self._displacement[:, 1:] * drift
        return integrate(self.robot, qpos.unsqueeze(-2), moved, 1.0), then

    def forward(self, qpos: Tensor, qvel: Tensor, flight: Motion) -> Tensor:
        """Contact features `(…, size)`."""
        then_q, then_v = self.states(qpos, qvel, flight)
        return self.contact.along(then_q, then_v, self._kinematics(then_q, then_v))

    def scales(self, std: Tensor) -> Tensor:
        """How large each of the features `(size,)` becomes by its nature, from their deviations `std`."""
        return self.contact.scales_along(std, len(self._times))

    def near(self, foreseen: Tensor, margin: float) -> Tensor:
        """`(…, 1)`: 1 where a gap is smaller than `margin` now or closed on the way, by the features `foreseen (…, size)`; else 0."""
        open_now = foreseen[..., : self.contact.gap_count].amin(-1, keepdim=True) >= margin
        closed = foreseen.index_select(-1, self._closed).amax(-1, keepdim=True) > 0
        return (~open_now | closed).to(foreseen.dtype)


def _reached(robot: Robot, instants: Sequence[float]) -> tuple[Array, Array]:
    """`(K, 2)` each: by how much an acceleration of one and a drift of one change velocity and displacement until each instant."""
    end, steps = robot.control_step, robot.substeps
    h = end / steps
    euler = robot.integrator == "Euler"

    def of_jerk(share: float) -> tuple[Array, Array]:
        """By how much α and β change velocity and displacement."""
        t, k = share * end, share * steps
        if euler:
            return np.array([t, t**2 / 2]), np.array([h**2 * k * (k + 1) / 2, h**3 * k * (k + 1) * (2 * k + 1) / 12])
        return np.array([t, t**2 / 2]), np.array([t**2 / 2, t**3 / 6])

    if learns_drift(robot):
        # a changes the velocity by a H until the end H of the step; a and δ the displacement by a H²/2 + δ H
        from_ends = np.linalg.solve(np.stack(of_jerk(1.0)), np.array([[end, 0.0], [end**2 / 2, end]]))
    else:
        from_ends = np.array([[1.0, 0.0], [0.0, 0.0]])
    pairs = [of_jerk(share) for share in instants]
    velocity, displacement = (np.stack(part) @ from_ends for part in zip(*pairs, strict=True))
    return velocity, displacement
