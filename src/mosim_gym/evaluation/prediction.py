"""How well a simulator predicts, open loop from true states: raw and normalised error over the horizon, beside floors and baselines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from mosim_gym.data.actions import action_sampler
from mosim_gym.data.resets import task_resets
from mosim_gym.evaluation.machine import machine
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray
Controller = Callable[[Array, Array, np.random.Generator], Array]
"""Controls `(B, nu)` for states `(B, nq)`, `(B, nv)`: a policy to gather test segments with."""

RAW_HORIZONS = (3, 16, 100)
NORMALISED_HORIZONS = (1, 10, 50, 100, 500)
BURN_IN = 50
CHAOS = (1e-4, 1e-3)
"""The perturbation of positions and velocities of the true state whose growth in the truth itself is the chaos floor."""


class Predictor(Protocol):
    """Anything with the Simulator's `rollout`."""

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """States after each of T control steps."""
        ...


class HeldOut(NamedTuple):
    """True segments: start `(N, nq)`, `(N, nv)`, `actions (N, T, nu)` and the states that follow, `(N, T, nq)`, `(N, T, nv)`."""

    qpos: Array
    qvel: Array
    actions: Array
    next_qpos: Array
    next_qvel: Array


def random_test(robot: str, actions: str, *, segments: int, steps: int, seed: int) -> HeldOut:
    """Segments from the task's starts under random `actions`, after a burn-in of 50 steps under the same kind of actions."""
    rng = np.random.default_rng([seed, 1])
    description = load_robot(robot)
    qpos, qvel = task_resets(find_robot(robot))(rng, segments)
    low, high = description.control_range
    drawn = action_sampler(actions)(rng, segments, BURN_IN + steps, description.nu, description.control_step)
    control = (high + low) / 2 + (high - low) / 2 * drawn
    path = TrueDynamics(robot).rollout(qpos, qvel, control)
    return _after_burn_in(path.qpos, path.qvel, control, BURN_IN)


def policy_test(
    robot: str, controller: Controller, *, segments: int, steps: int, seed: int, burn_in: int = 100
) -> HeldOut:
    """Segments of a policy's own motion from the task's starts, after `burn_in` steps; later controls are part of the test data."""
    rng = np.random.default_rng([seed, 2])
    dynamics = TrueDynamics(robot, warm_start=False)
    qpos, qvel = task_resets(find_robot(robot))(rng, segments)
    positions, velocities, actions = [], [], []
    for _ in range(burn_in + steps):
        action = controller(qpos, qvel, rng)
        qpos, qvel, _ = dynamics.step(qpos, qvel, action)
        positions.append(qpos)
        velocities.append(qvel)
        actions.append(action)
    return _after_burn_in(np.stack(positions, 1), np.stack(velocities, 1), np.stack(actions, 1), burn_in)


def _after_burn_in(qpos: Array, qvel: Array, actions: Array, burn_in: int) -> HeldOut:
    start = burn_in - 1
    return HeldOut(qpos[:, start], qvel[:, start], actions[:, burn_in:], qpos[:, burn_in:], qvel[:, burn_in:])


def squared_errors(predictor: Predictor, test: HeldOut) -> Array:
    """Squared error of every state dimension at every step, averaged over segments: `(T, nq + nv)`. NaN where a prediction is."""
    path = predictor.rollout(test.qpos, test.qvel, test.actions)
    error = np.concatenate((path.qpos - test.next_qpos, path.qvel - test.next_qvel), axis=-1, dtype=np.float64)
    return np.square(error).mean(0)


def state_variance(test: HeldOut) -> Array:
    """Variance of every state dimension over the test's segments and steps, `(nq + nv,)`."""
    states = np.concatenate((test.next_qpos, test.next_qvel), axis=-1)
    return states.reshape(-1, states.shape[-1]).var(0)


class HoldLast:
    """The baseline that predicts no motion at all."""

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """The first state, again and again."""
        steps = actions.shape[1]
        return Trajectory(np.repeat(qpos[:, None], steps, 1), np.repeat(qvel[:, None], steps, 1), None)


class Perturbed:
    """The truth from slightly wrong states: what no model can beat unless its one-step error is far smaller."""

    def __init__(self, robot: str, *, seed: int = 0) -> None:
        """`CHAOS` says how wrong."""
        self._dynamics, self._rng = TrueDynamics(robot), np.random.default_rng(seed)

    def rollout(self, qpos: Any, qvel: Any, actions: Any) -> Trajectory:
        """The true future of the perturbed state."""
        q = qpos + CHAOS[0] * self._rng.normal(size=qpos.shape)
        return self._dynamics.rollout(q, qvel + CHAOS[1] * self._rng.normal(size=qvel.shape), actions)


def prediction_errors(predictor: Predictor, test: HeldOut) -> dict[str, Any]:
    """Raw MSE over dimensions and steps up to each horizon, error over variance at each horizon, and the whole curve."""
    errors = squared_errors(predictor, test)
    steps = len(errors)
    relative = errors / np.maximum(state_variance(test), 1e-12)
    return {
        "raw": {str(h): float(errors[:h].mean()) for h in RAW_HORIZONS if h <= steps},
        "normalised": {str(h): float(relative[h - 1].mean()) for h in NORMALISED_HORIZONS if h <= steps},
        "one_step_raw": float(errors[0].mean()),
        "curve": [float(e) for e in errors.mean(1)],
    }


def prediction_report(
    robot: str,
    predictors: dict[str, Predictor],
    *,
    segments: int = 1000,
    steps: int = 100,
    seed: int = 20_011,
    policies: dict[str, Controller] | None = None,
) -> dict[str, Any]:
    """Every predictor, the hold-last baseline and the chaos floor on i.i.d., Poisson and policy tests."""
    tests = {
        name: random_test(robot, name, segments=segments, steps=steps, seed=seed) for name in ("uniform", "poisson")
    }
    for name, controller in (policies or {}).items():
        tests[name] = policy_test(robot, controller, segments=segments, steps=steps, seed=seed)
    everyone: dict[str, Predictor] = {**predictors, "hold last": HoldLast(), "chaos floor": Perturbed(robot)}
    return {
        "robot": robot,
        "machine": machine(),
        "segments": segments,
        "steps": steps,
        "seed": seed,
        "burn_in": BURN_IN,
        "tests": {
            name: {
                "state_variance": float(state_variance(test).mean()),
                **{who: prediction_errors(predictor, test) for who, predictor in everyone.items()},
            }
            for name, test in tests.items()
        },
    }


def prediction_table(report: dict[str, Any]) -> str:
    """The report as a Markdown table of raw mean squared errors."""
    rows = []
    for test, results in report["tests"].items():
        for who, result in results.items():
            if who != "state_variance":
                rows.append([test, who, f"{result['one_step_raw']:.2e}", *(f"{v:.3g}" for v in result["raw"].values())])
    horizons = [f"{h} steps" for h in RAW_HORIZONS if h <= report["steps"]]
    return table(["Actions", "Predictor", "1 step", *horizons], rows)
