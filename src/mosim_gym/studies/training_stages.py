"""What structure and stages are worth: models of equal size and time, their errors on held-out motion as they learn, over several seeds.

Two questions of the MoSim paper, each with systems that answer it. Does a predictor M [b + τ] learn more than a residual network of its
size? And does a model learn more in stages, first the predictor and then the corrector, than all at once?
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mosim_gym.dynamics.config import MoSimConfig, Size, preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.heldout import HeldOut, random_test
from mosim_gym.evaluation.prediction import prediction_errors
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.pictures.plots import COLOURS, save, style
from mosim_gym.robots import load_robot
from mosim_gym.training.config import FLIGHT_FIRST, Stage, training_for
from mosim_gym.training.loop import train
from mosim_gym.training.model_choice import model_for

ACTIONS = ("uniform", "poisson")
SHOWN = "16"
"""The horizon, in control steps, of the errors that curves show."""
LOOKS = 12
"""Points of a curve, about."""
TEST_SEED, CURVE_SEGMENTS, END_SEGMENTS = 20_011, 300, 1_000
DIVERGED = 1e6
"""A mean squared error beyond which a prediction counts as diverged."""
QUESTIONS = ("structure", "stages")
TITLES = {"structure": "A predictor and a residual network", "stages": "All at once and in stages"}

PREDICTOR = preset(
    "default",
    inertia=Size(64, 2),
    bias=Size(64, 2),
    torque=Size(32, 0),
    correctors=(),
    nonsmooth=False,
)
"""M [b + τ] alone, of the state and the action."""
DEFAULT = preset("default")
"""A predictor and a corrector that sees the contacts of the present."""
FORESEEING = preset("default", remainder=Size(128, 2), foresight=(1.0,))
"""A corrector that sees the contacts at the end of flight, too."""


@dataclass(frozen=True)
class System:
    """A model and the stages it is trained in; `question` says what it helps to answer."""

    question: str
    model: MoSimConfig
    stages: tuple[Stage, ...]
    about: str


def systems(robot: str) -> dict[str, System]:
    """The systems for `robot`, by name."""
    joint = (Stage("joint", 1.0),)
    staged = (Stage("predictor", 0.3), Stage("corrector", 0.7))
    return {
        "predictor": System("structure", PREDICTOR, joint, "M [b + τ] with M = L Lᵀ"),
        "residual network": System("structure", residual_of_equal_size(robot), joint, "one network in its place"),
        "joint": System("stages", DEFAULT, joint, "predictor and corrector together"),
        "staged": System("stages", DEFAULT, staged, "predictor on all motion, then frozen; then the corrector"),
        "flight first": System(
            "stages", FORESEEING, FLIGHT_FIRST, "predictor on flight; then a corrector that foresees contact"
        ),
    }


def residual_of_equal_size(robot: str) -> MoSimConfig:
    """A residual network with the inputs of `PREDICTOR`, and with the width that brings its parameters nearest."""
    wanted = parameters(robot, PREDICTOR)

    def of_width(width: int) -> MoSimConfig:
        return replace(PREDICTOR, inertia=None, bias=None, torque=None, correctors=(Size(width, 2),))

    return min(map(of_width, range(16, 257, 8)), key=lambda config: abs(parameters(robot, config) - wanted))


def parameters(robot: str, config: MoSimConfig) -> int:
    """The number of a model's parameters."""
    return sum(p.numel() for p in MoSim(load_robot(robot), completed(robot, config)).parameters())


def completed(robot: str, config: MoSimConfig) -> MoSimConfig:
    """`config` with the pairs and strings of `robot` where it sees contacts. Sensors are left out: the study is of states."""
    own = model_for(robot)
    return replace(config, pairs=own.pairs, strings=own.strings) if config.nonsmooth else config


def tests(robot: str, segments: int, steps: int) -> dict[str, HeldOut]:
    """Held-out motion by the kind of its random actions, without readings of sensors, which no system learns."""
    drawn = {kind: random_test(robot, kind, segments=segments, steps=steps, seed=TEST_SEED) for kind in ACTIONS}
    return {kind: test._replace(sensors=None) for kind, test in drawn.items()}


def run_system(robot: str, name: str, *, seed: int, budget: float, folder: Path) -> dict[str, Any]:
    """Train one system for `budget` seconds, and test it as it was on the way and at the end. A result in `folder` is read back."""
    system = systems(robot)[name]
    path = folder / f"{name.replace(' ', '-')}-{seed}.json"
    if path.exists():
        return json.loads(path.read_text())
    config = completed(robot, system.model)
    training = replace(training_for(preset("default"), seed=seed), stages=system.stages)
    place = folder / path.stem
    shutil.rmtree(place, ignore_errors=True)  # the models on the way of an interrupted run are lost
    seen: list[tuple[float, MoSim]] = []
    model, record = train(
        robot,
        config,
        training,
        budget=budget,
        folder=place,
        look=lambda model, state: seen.append((state["seconds"], deepcopy(model))),
    )
    shutil.rmtree(place)
    short, long = tests(robot, CURVE_SEGMENTS, int(SHOWN)), tests(robot, END_SEGMENTS, 100)
    curve = [
        {
            "seconds": round(seconds, 1),
            **{kind: _shown(prediction_errors(Simulator(m, {}), test)["raw"][SHOWN]) for kind, test in short.items()},
        }
        for seconds, m in [*seen[:: max(1, len(seen) // LOOKS)], (record["seconds"], model)]
    ]
    found = {kind: prediction_errors(Simulator(model, {}), test) for kind, test in long.items()}
    result = {
        "seed": seed,
        "steps": record["step"],
        "seconds": round(record["seconds"], 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "curve": curve,
        "errors": {kind: {"raw": e["raw"], "normalised": e["normalised"]} for kind, e in found.items()},
        "provenance": provenance(seeds=[seed]),
    }
    write_atomically(path, json.dumps(result, indent=1) + "\n")
    return result


def _shown(value: float) -> float:
    return float(f"{value:.4g}")


def stages_table(report: Mapping[str, Any]) -> str:
    """A row for each system: what it is, its parameters, and its raw mean squared errors, as the mean and the range over the seeds."""
    rows = []
    for name, system in report["systems"].items():
        runs = system["runs"]
        errors = [_over_seeds(runs, kind, horizon) for kind in ACTIONS for horizon in (SHOWN, "100")]
        rows.append([name, system["about"], f"{runs[0]['parameters']:,}", *errors])
    header = [f"{kind}, {horizon} steps" for kind in ("uniform", "Poisson") for horizon in (SHOWN, "100")]
    return table(["System", "What it is", "Parameters", *header], rows)


def _over_seeds(runs: Sequence[Mapping[str, Any]], kind: str, horizon: str) -> str:
    values = [run["errors"][kind]["raw"][horizon] for run in runs]
    if max(values) > DIVERGED:
        return f"diverged ({sum(value > DIVERGED for value in values)} of {len(values)} seeds)"
    return f"{np.mean(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def stages_plot(report: Mapping[str, Any], path: Path) -> Path:
    """Errors over the time of training, a panel for each question: the mean of the seeds, and their range as a band."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        for axes, question in zip(figure.subplots(1, 2, sharey=True), QUESTIONS, strict=True):
            named = {name: s["runs"] for name, s in report["systems"].items() if s["question"] == question}
            for (name, runs), colour in zip(named.items(), COLOURS, strict=False):
                end = min(run["curve"][-1]["seconds"] for run in runs)
                at = np.linspace(max(run["curve"][0]["seconds"] for run in runs), end, 60)
                curves = np.stack([_on(at, run["curve"]) for run in runs])
                axes.plot(at / 60, curves.mean(0), color=colour, label=name)
                axes.fill_between(at / 60, curves.min(0), curves.max(0), color=colour, alpha=0.18, linewidth=0)
            axes.set_title(TITLES[question])
            axes.set_xlabel("time of training (min)")
            axes.set_yscale("log")
            axes.legend(loc="upper right")
        figure.axes[0].set_ylabel(f"mean squared error\nof {SHOWN} steps, uniform actions")
        return save(figure, path)


def _on(at: np.ndarray, curve: Sequence[Mapping[str, float]]) -> np.ndarray:
    """A curve's errors at the times `at`, s, interpolated in the logarithm."""
    seconds = [point["seconds"] for point in curve]
    return np.exp(np.interp(at, seconds, np.log([point[ACTIONS[0]] for point in curve])))
