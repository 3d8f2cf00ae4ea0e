"""Which checkpoint deserves to be the packaged one: by errors that are measured here and now, and on one protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.prediction import Errors, errors_in, prediction_report
from mosim_gym.mechanics.progress import Progress
from mosim_gym.robots import load_robot
from mosim_gym.zoo.cards import Measured
from mosim_gym.zoo.checkpoint import load_checkpoint, read_card, save_checkpoint
from mosim_gym.zoo.names import packaged_path, robot_at
from mosim_gym.zoo.packs import unpack

PROTOCOL = ("segments", "steps", "seed", "burn_in_seconds")
ENSEMBLE = 1.25  # what policies can exploit in one model they can hardly in several: worth a somewhat larger error
SHOWN = "uniform", "16"
COMPARED = ("16", "100")
"""Horizons at which, in every test, two checkpoints of one robot are compared by their raw MSE; one test and horizon stands for all where
there is room for a single number."""


@dataclass(frozen=True)
class Outcome:
    """What a run made: the checkpoint's file, its card, and whether it became the packaged one."""

    path: Path
    card: Mapping[str, Any]
    installed: bool


def benchmarks(
    robot: str, simulators: Mapping[str, Simulator]
) -> tuple[dict[str, dict[str, Measured]], dict[str, object]]:
    """The errors of each of `simulators` in every test, without their curves, and the protocol on which they were measured.

    It takes a while, so the progress is shown.
    """
    with Progress(f"measuring {robot}") as progress:
        report = prediction_report(robot, simulators, baselines=False, show=progress.show)
        progress.end()
    found = {who: {test: _measured(errors_in(r)[who]) for test, r in report["tests"].items()} for who in simulators}
    measured: Mapping[str, object] = report
    return found, {key: measured[key] for key in PROTOCOL}


def _measured(errors: Errors) -> Measured:
    found: Measured = {
        "raw": errors["raw"],
        "normalised": errors["normalised"],
        "diverged": errors["diverged"],
        "one_step_raw": errors["one_step_raw"],
        "valid_seconds": errors["valid_seconds"],
    }
    if "touch" in errors:
        found["touch"] = errors["touch"]
    return found


def install_pack(path: Path, folder: Path) -> list[Outcome]:
    """Unpack `path` into `folder` and measure each checkpoint; one that beats the packaged one of its name becomes the packaged one.

    What a card says of its own errors counts for nothing.
    """
    outcomes: list[Outcome] = []
    for written in unpack(path, folder):
        simulator = load_checkpoint(written, robot_at(read_card(written)["name"]))
        found, protocol = benchmarks(simulator.robot.name, {"own": simulator})
        card = {**simulator.card, "benchmark": found["own"], "benchmark_protocol": protocol}
        packaged = packaged_path(card["name"])
        better = is_better(card, simulator.members, packaged)
        if better:
            save_checkpoint(packaged, simulator.model, card)
        outcomes.append(Outcome(written, card, better))
    return outcomes


def is_better(card: Mapping[str, Any], members: int, packaged: Path) -> bool:
    """Whether a checkpoint of so many `members` deserves to replace the packaged one of the same robot.

    It is compared by the geometric mean of its errors over theirs, which are measured again if it was on another protocol. More members
    may err more, by the factor `ENSEMBLE`; fewer must err less by it. Errors that are not finite are never better.
    """
    mine = mean_error(card["benchmark"])
    if not math.isfinite(mine):
        return False
    if not packaged.exists():
        return True
    theirs = read_card(packaged)
    robot = load_robot(theirs["robot"])
    if theirs["fingerprint"] != robot.fingerprint:
        return True
    their = theirs.get("benchmark")
    if their is None or theirs.get("benchmark_protocol") != card["benchmark_protocol"]:
        their = benchmarks(robot.name, {"own": load_checkpoint(packaged, robot)})[0]["own"]
    more = members - theirs["model"]["members"]
    return mine < mean_error(their) * (ENSEMBLE if more > 0 else 1 / ENSEMBLE if more < 0 else 1)


def score(card: Mapping[str, Any]) -> float:
    """The one benchmark figure that is shown in passing: raw MSE over 16 steps of uniform actions."""
    test, horizon = SHOWN
    return _raw(card["benchmark"], test, horizon)


def mean_error(benchmark: Mapping[str, Any]) -> float:
    """Geometric mean of the errors that checkpoints are compared by: all tests, over each of the horizons `COMPARED`."""
    errors = [_raw(benchmark, test, horizon) for test in benchmark for horizon in COMPARED]
    return math.prod(errors) ** (1 / len(errors))


def _raw(benchmark: Mapping[str, Any], test: str, horizon: str) -> float:
    result = benchmark[test]
    return float("inf") if result.get("diverged") else float(result["raw"][horizon])
