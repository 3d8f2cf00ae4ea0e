"""What predictions are compared with: no motion, a linear model, and the truth from slightly wrong states."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from mosim_gym.data.collection import Collector
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.truth.dynamics import TrueDynamics

CHAOS = (1e-4, 1e-3)
"""The perturbation of positions and velocities of the true state whose growth in the truth itself is the chaos floor."""
LINEAR_SEGMENTS = 1000


class Predictor(Protocol):
    """Anything with the Simulator's `rollout`."""

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """States after each of T control steps."""
        ...


class HoldLast:
    """The baseline that predicts no motion at all."""

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """The first state, again and again."""
        steps = actions.shape[1]
        return Trajectory(np.repeat(qpos[:, None], steps, 1), np.repeat(qvel[:, None], steps, 1), None)


class LinearModel:
    """`(q, v)' = (q, v) + A (q, v, a, 1)`, by least squares on the motion that random actions reach from the task's starts."""

    def __init__(self, robot: str, *, seed: int = 0) -> None:
        """Fit to 1,000 segments of the narrow recipe; start and test are of the same kind, so nothing better is linear."""
        data = Collector(robot, "narrow").collect(np.random.default_rng([seed, 3]), LINEAR_SEGMENTS)
        state = np.concatenate((data.qpos, data.qvel), axis=-1)
        self._nq = data.qpos.shape[-1]
        inputs = self._inputs(state[:, :-1], data.actions).reshape(-1, state.shape[-1] + data.actions.shape[-1] + 1)
        change = (state[:, 1:] - state[:, :-1]).reshape(len(inputs), -1)
        self._map = np.linalg.lstsq(inputs, change, rcond=None)[0]

    @staticmethod
    def _inputs(state: np.ndarray, action: np.ndarray) -> np.ndarray:
        return np.concatenate((state, action, np.ones((*state.shape[:-1], 1))), axis=-1)

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """States that stay within ten times the largest number seen so far: linear models diverge."""
        state = np.concatenate((qpos, qvel), axis=-1)
        bound = 10 * np.abs(state).max() + 10
        path = []
        for t in range(actions.shape[1]):
            state = np.clip(state + self._inputs(state, actions[:, t]) @ self._map, -bound, bound)
            path.append(state)
        states = np.stack(path, axis=1)
        return Trajectory(states[..., : self._nq], states[..., self._nq :], None)


class Perturbed:
    """The truth from slightly wrong states: what no model can beat unless its one-step error is far smaller."""

    def __init__(self, robot: str, *, seed: int = 0) -> None:
        """`CHAOS` says how wrong."""
        self._dynamics, self._rng = TrueDynamics(robot), np.random.default_rng(seed)

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """The true future of the perturbed state."""
        q = qpos + CHAOS[0] * self._rng.normal(size=qpos.shape)
        return self._dynamics.rollout(q, qvel + CHAOS[1] * self._rng.normal(size=qvel.shape), actions)
