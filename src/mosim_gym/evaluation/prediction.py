"""Errors of open-loop predictions from true states: raw and normalised over the horizon, beside baselines and the chaos floor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import numpy as np

from mosim_gym.evaluation.floors import floors
from mosim_gym.evaluation.heldout import STEADY_AFTER, HeldOut, burn_in_steps, random_test
from mosim_gym.evaluation.predicted import predicted
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.mechanics.progress import Parts, Show, silent
from mosim_gym.mechanics.provenance import Provenance, provenance
from mosim_gym.mechanics.world_model import WorldModel, as_world_model
from mosim_gym.robots import load_robot

Array = np.ndarray

CURVE_POINTS = 48
RAW_HORIZONS = (3, 5, 10, 16, 100)
NORMALISED_HORIZONS = (1, 10, 16, 50, 100, 500)
RANDOM = ("uniform", "poisson")
"""Actions of the random tests."""
VALID = 0.4
"""A prediction is valid for as long as the root mean square of its normalised errors stays below this."""


class Errors(TypedDict):
    """What `prediction_errors` finds; by the horizon in control steps, as text, where there are several."""

    raw: dict[str, float]
    normalised: dict[str, float]
    diverged: float
    one_step_raw: float
    valid_seconds: float
    curve: dict[str, float]
    touch: NotRequired[dict[str, float]]


class PredictionReport(TypedDict):
    """What `prediction_report` finds. A test has the `Errors` of everyone, and the mean `state_variance` of its states."""

    robot: str
    provenance: Provenance
    segments: int
    steps: int
    seed: int
    burn_in_seconds: float
    burn_in_steps: int
    valid_threshold: float
    tests: dict[str, dict[str, Errors | float]]


def errors_in(test: Mapping[str, Errors | float]) -> dict[str, Errors]:
    """The errors in a test of a report, by predictor."""
    return {who: found for who, found in test.items() if not isinstance(found, int | float)}


def squared_errors(path: Trajectory, test: HeldOut) -> Array:
    """The squared error of every state dimension at every step of every segment, `(N, T, nq + nv)`. Not finite where a prediction is not.

    A quaternion and its negative are one rotation, so the nearer of the two is compared.
    """
    qpos = np.array(path.qpos)
    for turned in test.quaternions:
        opposite = (qpos[..., turned] * test.next_qpos[..., turned]).sum(-1, keepdims=True) < 0
        qpos[..., turned] = np.where(opposite, -qpos[..., turned], qpos[..., turned])
    error = np.concatenate((qpos - test.next_qpos, path.qvel - test.next_qvel), axis=-1, dtype=np.float64)
    return np.square(error, out=error)


def state_variance(test: HeldOut) -> Array:
    """Variance of every state dimension over the test's segments and steps, `(nq + nv,)`."""
    states = np.concatenate((test.next_qpos, test.next_qvel), axis=-1)
    return states.reshape(-1, states.shape[-1]).var(0)


def prediction_errors(predictor: WorldModel | Dynamics, test: HeldOut, *, control_step: float = 1.0) -> Errors:
    """Raw MSE over dimensions and steps up to each horizon, error over variance at each horizon, valid time, and the curve.

    - `valid_seconds` is the median over segments of the time for which a prediction is valid, at most the length of the test.
    - `diverged` is the share of segments whose prediction is not finite somewhere. They are left out of the errors.
    - `touch` exists where sensor readings x do not follow from the state. It is the error of log(1 + x), which tasks observe, over its
      variance, up to each horizon.
    """
    model = as_world_model(predictor)
    if model.context > test.history.qpos.shape[1]:
        raise ValueError(
            f"{type(model).__name__} needs {model.context} true states first; a test has {test.history.qpos.shape[1]}."
        )
    path = predicted(model, test.history, test.actions)
    squared = squared_errors(path, test)
    finite: Array = np.asarray(np.isfinite(squared).all((1, 2)))
    errors = squared[finite].mean(0) if finite.any() else np.full(squared.shape[1:], np.nan)
    relative = errors / np.maximum(state_variance(test), 1e-12)
    squared /= np.maximum(state_variance(test), 1e-12)
    invalid = ~(squared.mean(-1) < VALID**2)
    steps = len(errors)
    valid = np.where(invalid.any(1), invalid.argmax(1), steps)
    touch = _touch_errors(path, test, finite)
    found: Errors = {
        "raw": {str(h): float(errors[:h].mean()) for h in RAW_HORIZONS if h <= steps},
        "normalised": {str(h): float(relative[h - 1].mean()) for h in NORMALISED_HORIZONS if h <= steps},
        "diverged": float(1 - finite.mean()),
        "one_step_raw": float(errors[0].mean()),
        "valid_seconds": float(np.median(valid) * control_step),
        "curve": {str(step): float(f"{errors[step - 1].mean():.4g}") for step in curve_steps(steps)},
    }
    if touch:
        found["touch"] = touch
    return found


def curve_steps(steps: int) -> list[int]:
    """The horizons up to `steps` at which a curve has points, evenly spaced on a logarithmic axis."""
    return sorted({round(step) for step in np.geomspace(1, steps, CURVE_POINTS)})


def _touch_errors(path: Trajectory, test: HeldOut, finite: Array) -> dict[str, float]:
    """The error over variance of log(1 + x) up to each horizon, with x the sensor readings; empty if there are none."""
    if test.sensors is None or path.sensors is None:
        return {}
    truth, said = np.log1p(test.sensors), np.log1p(np.clip(path.sensors[finite], 0, None))
    variance = np.maximum(truth.var((0, 1)), 1e-12)
    errors = ((said - truth[finite]) ** 2 / variance).mean((0, 2))
    return {str(h): float(errors[:h].mean()) for h in (1, *RAW_HORIZONS) if h <= len(errors)}


def prediction_report(
    robot: str,
    predictors: Mapping[str, WorldModel | Dynamics],
    *,
    segments: int = 1000,
    steps: int = 100,
    seed: int = 20_011,
    policies: Mapping[str, HeldOut] | None = None,
    baselines: bool = True,
    show: Show = silent,
) -> PredictionReport:
    """Errors of every predictor, the baselines and the chaos floor, in uniform and Poisson random tests and in the tests of `policies`.

    `show` is told of the progress.
    """
    check_at_least(1, segments=segments, steps=steps)
    given = policies or {}
    everyone = dict(predictors)
    if baselines:
        everyone |= {floor.title: floor for floor in floors(robot)}
    parts = Parts(len(RANDOM) + len(everyone) * (len(RANDOM) + len(given)), show)
    tests: dict[str, HeldOut] = {}
    for name in RANDOM:
        parts.begin(f"simulating the test of {name} actions")
        tests[name] = random_test(robot, name, segments=segments, steps=steps, seed=seed)
    tests.update(given)
    h = load_robot(robot).control_step

    def measured(who: str, name: str) -> Errors:
        parts.begin(f"predictions of {who}, {name}")
        return prediction_errors(everyone[who], tests[name], control_step=h)

    return {
        "robot": robot,
        "provenance": provenance(seeds=[seed]),
        "segments": segments,
        "steps": steps,
        "seed": seed,
        "burn_in_seconds": STEADY_AFTER,
        "burn_in_steps": burn_in_steps(load_robot(robot)),
        "valid_threshold": VALID,
        "tests": {
            name: {
                "state_variance": float(state_variance(test).mean()),
                **{who: measured(who, name) for who in everyone},
            }
            for name, test in tests.items()
        },
    }


def prediction_table(report: PredictionReport) -> str:
    """The report as a Markdown table of raw mean squared errors."""
    rows: list[list[str]] = []
    for test, results in report["tests"].items():
        for who, result in errors_in(results).items():
            raw = (f"{v:.3g}" for v in result["raw"].values())
            rows.append([test, who, f"{result['one_step_raw']:.2e}", *raw, f"{result['valid_seconds']:.2f} s"])
    horizons = [f"{h} steps" for h in RAW_HORIZONS if h <= report["steps"]]
    return table(["Actions", "Predictor", "1 step", *horizons, "valid for"], rows)
