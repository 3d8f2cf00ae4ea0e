"""What predictions are compared with: no motion, a linear model, and the truth from slightly wrong states."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from mosim_gym.evaluation.heldout import HeldOut, random_test
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.truth.dynamics import TrueDynamics

CHAOS = (1e-4, 1e-3)
"""The perturbation of positions and velocities of the true state whose growth in the truth itself is the chaos floor."""
LINEAR_SEGMENTS, LINEAR_STEPS = 500, 100


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
    """`(q, v)' = (q, v) + A (q, v, a, 1)`, by least squares on steady-state motion under uniform and Poisson actions."""

    def __init__(self, robot: str, *, seed: int = 0) -> None:
        """Fit to 500 segments of each kind of actions: motion of the kind that the tests hold, so no linear model predicts them better."""
        kinds = ("uniform", "poisson")
        tests = [random_test(robot, kind, segments=LINEAR_SEGMENTS, steps=LINEAR_STEPS, seed=seed) for kind in kinds]
        self._nq = tests[0].qpos.shape[-1]
        inputs, changes = zip(*(self._rows(test) for test in tests), strict=True)
        self._map = np.linalg.lstsq(np.concatenate(inputs), np.concatenate(changes), rcond=None)[0]

    def _rows(self, test: HeldOut) -> tuple[np.ndarray, np.ndarray]:
        """Inputs `(N T, nq + nv + nu + 1)` and changes of state `(N T, nq + nv)` of a test's segments."""
        first = np.concatenate((test.qpos, test.qvel), axis=-1)[:, None]
        states = np.concatenate((first, np.concatenate((test.next_qpos, test.next_qvel), axis=-1)), axis=1)
        inputs = self._inputs(states[:, :-1], test.actions)
        return inputs.reshape(-1, inputs.shape[-1]), np.diff(states, axis=1).reshape(-1, states.shape[-1])

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
