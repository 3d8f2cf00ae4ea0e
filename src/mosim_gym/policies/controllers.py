"""Feedback controllers from textbooks for the simple robots, as policies on the flat observation.

Swing-ups pump energy until the pole can be caught, then balance by state feedback. The constants were set by hand for dm_control's models.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray
GRAVITY = 9.81  # m/s²


class PendulumController:
    """Pumps energy until the pole has that of standing upright, then balances.

    The energy is `E = ½ I ω² + m g l (cos θ - 1)`, which is 0 when standing. Balancing is `u = -k sin θ - d ω`.
    """

    MASS, LENGTH, INERTIA = 1.0, 0.5, 0.251  # kg, m, kg m² about the hinge

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Array, None]:
        """The torque (share of 1 N m), from cos θ, sin θ and the rate ω in rad/s. θ = 0 is upright."""
        cosine, sine, rate = (float(x) for x in np.ravel(observation))
        energy = self.INERTIA * rate**2 / 2 + self.MASS * GRAVITY * self.LENGTH * (cosine - 1)
        if cosine > 0.95:
            torque = -12.0 * sine - 3.0 * rate
        else:
            torque = np.copysign(1.0, rate) * np.clip(-4.0 * energy + 0.3, -1, 1)
        return np.array([np.clip(torque, -1, 1)], np.float32), None


class AcrobotController:
    """Pumps energy: the elbow pushes in the direction in which it turns, `u = sign(ω₂)`. It swings high and does not balance."""

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Array, None]:
        """The torque, from sines and cosines of both links' angles and both rates in rad/s."""
        rate = float(np.ravel(observation)[-1])
        return np.array([np.sign(rate)], np.float32), None


class CartpoleController:
    """Accelerates the cart so that the pole gains energy, by `u = k E ω cos θ` and a pull to the middle, then balances."""

    LENGTH, POLE_MASS, POLE_INERTIA = 1.0, 0.1, 0.0337  # m, kg, kg m² about the hinge
    GAINS = (0.42, 0.63, 5.07, 1.29)  # control for each m, m/s, rad and rad/s, of the linear-quadratic regulator

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Array, None]:
        """The force (share of 10 N), from the cart's x (m), cos θ, sin θ, ẋ (m/s), ω (rad/s). θ = 0 is upright."""
        x, cosine, sine, speed, rate = (float(v) for v in np.ravel(observation))
        if cosine > 0.85 and abs(rate) < 3.5:
            angle = np.arctan2(sine, cosine)
            control = float(np.dot(self.GAINS, (x, speed, angle, rate)))
        else:
            half_weight = self.POLE_MASS * GRAVITY * self.LENGTH / 2
            energy = self.POLE_INERTIA * rate**2 / 2 + half_weight * (cosine - 1)
            control = 2.0 * energy * rate * cosine - 0.3 * x - 0.3 * speed
        return np.array([np.clip(control, -1, 1)], np.float32), None


class ReacherController:
    """`u = k Jᵀ e - d q̇`: a spring along the vector e from the finger to the target, and damping. J is the Jacobian."""

    UPPER, LOWER = 0.12, 0.12  # m: shoulder to wrist, wrist to finger
    STIFFNESS, DAMPING = 60.0, 0.25

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Array, None]:
        """The torques (shares of 0.05 N m), from both angles (rad), the vector to the target (m), both rates (rad/s)."""
        shoulder, wrist, x, y, *rates = (float(v) for v in np.ravel(observation))
        outer = self.LOWER * np.array([-np.sin(shoulder + wrist), np.cos(shoulder + wrist)])
        inner = self.UPPER * np.array([-np.sin(shoulder), np.cos(shoulder)])
        jacobian = np.stack((inner + outer, outer), axis=1)
        torque = self.STIFFNESS * jacobian.T @ (x, y) - self.DAMPING * np.array(rates)
        return np.clip(torque, -1, 1).astype(np.float32), None
