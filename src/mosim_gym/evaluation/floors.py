"""Baselines of predictions: no motion, a linear model, and the truth from slightly wrong states."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch

from mosim_gym.evaluation.heldout import random_test
from mosim_gym.mechanics import Robot, integrate
from mosim_gym.mechanics.motion import Array, History, Segments, Trajectory
from mosim_gym.mechanics.world_model import MotionData, WorldModel
from mosim_gym.truth.dynamics import TrueDynamics

CHAOS = (1e-4, 1e-3)
"""The deviations of positions and velocities from the true state. Their growth in the truth itself is the chaos floor."""
STEADY_SEGMENTS, STEADY_STEPS = 500, 100
LINEAR_BLOCKS = 2
"""Blocks of motion to which a linear model is fitted. It has few numbers to learn."""


class SteadyMotion:
    """Motion like that of the tests, in the steady state: a block under uniform actions and a block under Poisson actions."""

    def __init__(self, robot: str, seed: int = 0) -> None:
        """Each block has 500 segments of 100 control steps."""
        self.robot, self._seed = robot, seed

    def blocks(self) -> Iterator[Segments]:
        """The two blocks."""
        for kind in ("uniform", "poisson"):
            test = random_test(self.robot, kind, segments=STEADY_SEGMENTS, steps=STEADY_STEPS, seed=self._seed)
            qpos, qvel = (
                np.concatenate(parts, axis=1)
                for parts in ((test.qpos[:, None], test.next_qpos), (test.qvel[:, None], test.next_qvel))
            )
            sensors = np.zeros((*test.actions.shape[:2], 0)) if test.sensors is None else test.sensors
            yield Segments(qpos, qvel, test.actions, sensors)


class HoldLast(WorldModel):
    """Predicts no motion at all."""

    title = "hold last"
    is_floor = True

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Do nothing: nothing is learned."""

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """The present state at every step."""
        steps = actions.shape[1]
        qpos, qvel = (np.repeat(part[:, -1:], steps, 1) for part in (history.qpos, history.qvel))
        return Trajectory(qpos, qvel, None)


class ConstantVelocity(WorldModel):
    """Predicts that all velocities stay as they are."""

    title = "constant velocity"
    is_floor = True

    def __init__(self, robot: Robot) -> None:
        """Predict the motion of `robot`."""
        self._robot = robot

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Do nothing: nothing is learned."""

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """The states along straight lines, and turns about fixed axes."""
        qpos, qvel = (torch.from_numpy(np.asarray(part, np.float64)[:, -1:]) for part in history[:2])
        times = torch.arange(1, actions.shape[1] + 1)[:, None] * self._robot.control_step
        path = integrate(self._robot, qpos, times * qvel, 1.0)
        return Trajectory(path.numpy(), qvel.expand(-1, actions.shape[1], -1).numpy(), None)


class LinearModel(WorldModel):
    """`(q, v)' = (q, v) + A (q, v, a, 1)`, by least squares."""

    title = "linear model"
    is_floor = True

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Fit by least squares to the first two blocks of the data. The budget has no effect."""
        inputs, changes = zip(*(self._rows(block) for block in islice(data.blocks(), LINEAR_BLOCKS)), strict=True)
        self._map = np.linalg.lstsq(np.concatenate(inputs), np.concatenate(changes), rcond=None)[0]

    def _rows(self, motion: Segments) -> tuple[Array, Array]:
        """Inputs `(N T, nq + nv + nu + 1)` and changes of state `(N T, nq + nv)`."""
        self._nq = motion.qpos.shape[-1]
        states = np.concatenate((motion.qpos, motion.qvel), axis=-1)
        inputs = self._inputs(states[:, :-1], motion.actions)
        return inputs.reshape(-1, inputs.shape[-1]), np.diff(states, axis=1).reshape(-1, states.shape[-1])

    @staticmethod
    def _inputs(state: Array, action: Array) -> Array:
        return np.concatenate((state, action, np.ones((*state.shape[:-1], 1))), axis=-1)

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """States clipped to about ten times the largest number of the present state, because linear models diverge."""
        state = np.concatenate((history.qpos[:, -1], history.qvel[:, -1]), axis=-1)
        bound = 10 * np.abs(state).max() + 10
        path = []
        for t in range(actions.shape[1]):
            state = np.clip(state + self._inputs(state, actions[:, t]) @ self._map, -bound, bound)
            path.append(state)
        states = np.stack(path, axis=1)
        return Trajectory(states[..., : self._nq], states[..., self._nq :], None)


class Perturbed(WorldModel):
    """The truth from slightly wrong states. A model errs less only if its one-step error is far smaller than their deviation."""

    title = "chaos floor"
    is_floor = True

    def __init__(self, robot: str, *, seed: int = 0) -> None:
        """`CHAOS` has the deviations."""
        self._dynamics, self._rng = TrueDynamics(robot), np.random.default_rng(seed)

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Do nothing: nothing is learned."""

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """The truth's rollout from the perturbed present state."""
        q, v = (
            part[:, -1] + size * self._rng.normal(size=part[:, -1].shape)
            for part, size in zip(history[:2], CHAOS, strict=True)
        )
        return self._dynamics.rollout(q, v, actions)


def floors(robot: str) -> list[WorldModel]:
    """All baselines for `robot`, ready to predict."""
    linear = LinearModel()
    linear.fit(SteadyMotion(robot), budget=0.0, seed=0)
    return [HoldLast(), linear, Perturbed(robot)]
