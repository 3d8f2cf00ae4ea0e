"""All measurements of a checkpoint, of the same weights: prediction, endurance and speed, with pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NotRequired

import numpy as np

from mosim_gym.evaluation.endurance import Endurance, endurance
from mosim_gym.evaluation.heldout import HeldOut, policy_controller, policy_test, random_test
from mosim_gym.evaluation.prediction import PredictionReport, prediction_report
from mosim_gym.evaluation.speed import rollout_speed
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.mechanics.progress import Parts, Show, silent
from mosim_gym.mechanics.world_model import WorldModel
from mosim_gym.pictures.plots import horizon_plot
from mosim_gym.pictures.strips import state_strip
from mosim_gym.robots import find_robot, find_task, load_robot, load_task, tasks

STRIP_SECONDS = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0)
STRIP_HEIGHT = 120  # pixels of each frame


class CheckpointReport(PredictionReport):
    """What `checkpoint_report` finds: errors, and by predictor the long rollouts and the speeds."""

    endurance: NotRequired[dict[str, Endurance]]
    control_steps_per_second: NotRequired[dict[str, dict[str, int]]]


def checkpoint_report(
    robot: str,
    predictors: Mapping[str, Dynamics],
    *,
    box: Box | None = None,
    policies: Path | None = None,
    segments: int = 1000,
    steps: int = 100,
    long_segments: int = 1000,
    seed: int = 20_011,
    speed: bool = True,
    beside: Mapping[str, WorldModel] = MappingProxyType({}),
    show: Show = silent,
) -> CheckpointReport:
    """Random tests, the policy test if there is a policy, speed, and long rollouts of the first predictor if there is a training box.

    World models `beside` the predictors are in the tests of prediction alone.
    `policies` is a folder of trained policies for the policy test. For a robot without one, its scripted policy acts. `show` is told of the
    progress.
    """
    check_at_least(1, segments=segments, steps=steps)
    parts = Parts(2 + (box is not None and long_segments > 0) + speed, show)
    found = policy_controller(robot, policies)
    held_out: dict[str, HeldOut] = {}
    parts.begin("simulating the policy's test")
    if found is not None:
        task, kind, controller = found
        held_out[f"{task}, {kind}"] = policy_test(task, controller, segments=segments, steps=steps, seed=seed)
    everyone = {**predictors, **beside}
    within = parts.begin("simulating the random tests")
    errors = prediction_report(
        robot, everyone, segments=segments, steps=steps, seed=seed, policies=held_out, show=within
    )
    report: CheckpointReport = {**errors}
    if box is not None and long_segments:
        first = next(iter(predictors))
        parts.begin(f"long rollouts of {first}")
        report["endurance"] = {first: endurance(robot, predictors[first], box, segments=long_segments, seed=seed)}
    if speed:
        parts.begin("speed of rollouts")
        report["control_steps_per_second"] = speeds(robot, predictors)
    return report


def speeds(robot: str, predictors: Mapping[str, Dynamics]) -> dict[str, dict[str, int]]:
    """Control steps a second of each predictor's rollouts, forward kinematics included."""
    return {
        who: {
            "batch 1024": round(rollout_speed(robot, p)),
            "batch 4096": round(rollout_speed(robot, p, batch=4096, steps=20)),
            "single state": round(rollout_speed(robot, p, batch=1, steps=200)),
        }
        for who, p in predictors.items()
    }


def endurance_table(report: CheckpointReport) -> str:
    """The long rollouts of a report as a Markdown table."""
    rows = [
        [
            who,
            f"{100 * r['finite']:.1f} %",
            f"{100 * r['inside']:.1f} % ({100 * r['truth_inside']:.1f} %)",
            f"{100 * r['deviation_off']:.1f} %",
            f"{r['mean_off']:.3f}",
        ]
        for who, r in report.get("endurance", {}).items()
    ]
    heads = ["1,000 steps", "finite", "inside the training box (truth)", "deviation off by", "mean off by (deviations)"]
    return table(heads, rows) if rows else ""


def speed_table(report: CheckpointReport) -> str:
    """The speeds of a report as a Markdown table."""
    measured = report.get("control_steps_per_second", {})
    rows = [[who, *(f"{value:,}" for value in s.values())] for who, s in measured.items()]
    return table(["Control steps a second", "batch of 1,024", "batch of 4,096", "single state"], rows) if rows else ""


def truth_over_prediction(path: Path, robot: str, predictor: Dynamics, *, seed: int = 20_011) -> Path:
    """A film strip of one held-out segment under random actions: the truth above, the model's prediction from its first state below."""
    h = load_robot(robot).control_step
    steps = [round(t / h) for t in STRIP_SECONDS]
    test = random_test(robot, "poisson", segments=8, steps=steps[-1] + 1, seed=seed)
    predicted = predictor.rollout(test.qpos, test.qvel, test.actions).qpos[0]
    truth = test.next_qpos[0]
    task = next(load_task(name) for name in tasks() if find_task(name)[0] is find_robot(robot))
    rows = {
        name: np.stack([np.asarray(test.qpos[0] if k == 0 else states[k - 1], np.float64) for k in steps])
        for name, states in (("truth", truth), ("model", predicted))
    }
    return state_strip(path, task, rows, STRIP_SECONDS, height=STRIP_HEIGHT)


def write_pictures(folder: Path, stem: str, report: CheckpointReport, predictor: Dynamics) -> list[Path]:
    """The error-versus-horizon plot and the film strip of a report's robot."""
    return [
        horizon_plot(
            folder / f"prediction-{stem}.png",
            report,
            f"{stem.replace('-', ':')}: error of open-loop prediction",
            control_step=load_robot(report["robot"]).control_step,
        ),
        truth_over_prediction(folder / f"strip-{stem}.png", report["robot"], predictor),
    ]
