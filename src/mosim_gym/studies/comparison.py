"""Models and ways to train them side by side: the same robot and data, the same time or as many steps for each, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mosim_gym.dynamics.config import MoSimConfig, Size, preset
from mosim_gym.dynamics.finer import FinerSteps
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.dynamics.solvers import SolverDiverged
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.prediction import prediction_errors
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.robots import load_robot
from mosim_gym.robots.catalogue import sensor_columns
from mosim_gym.training.config import Stage, TrainConfig, training_for
from mosim_gym.training.loop import STATE, train
from mosim_gym.training.model_choice import looks, model_for
from mosim_gym.training.progress import Progress
from mosim_gym.zoo.checkpoint import save_checkpoint

PAPER_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""Learning rates tried for the paper's scheme, in rising order; the best of them is trained for longer too."""
TEST_SEED, TEST_SEGMENTS = 20_011, 1000


@dataclass(frozen=True)
class Entry:
    """A model, how it is trained, and what it is there to show."""

    model: MoSimConfig
    train: TrainConfig
    shows: str
    physics_steps: int = 0  # by how many of them one evaluation moves; 0: by the whole control step


def _entry(shows: str, *, model: Mapping[str, Any] | None = None, **training: Any) -> Entry:
    config = preset("default", **(model or {}))
    return Entry(config, replace(training_for(config), **training), shows)


def _preset_entry(name: str, shows: str, **training: Any) -> Entry:
    return Entry(preset(name), replace(training_for(preset(name)), **training), shows)


SYSTEMS: dict[str, Entry] = {
    "default": _entry("what the zoo ships"),
    "residual": _preset_entry("residual", "no rigid-body structure, raw contact geometry left out, equal size"),
    **{
        f"paper, rate {rate:g}": _preset_entry("paper-medium", "the MoSim paper's model and loss", adam_rate=rate)
        for rate in PAPER_RATES
    },
}
ABLATIONS: dict[str, Entry] = {
    "default": _entry("everything"),
    "no contact features": _entry("clearances, limits and what acts", model={"nonsmooth": False}),
    "no velocity products": _entry("Coriolis and centrifugal terms as inputs", model={"quadratic": False}),
    "raw state": _entry("canonical inputs", model={"canonical": False}),
    "no whitening": _entry("inputs and outputs in units of their deviation", model={"whiten": False}),
    "no layer norm": _entry("normalised residual stream", model={"layer_norm": False}),
    "no structure": _entry(
        "M = LLᵀ, b and τ",
        model={"inertia": None, "bias": None, "torque": None},
    ),
    "foresight": _entry(
        "flight first, and contacts at its end as inputs (not in the default)",
        model={"remainder": Size(128, 2), "foresight": (1.0,)},
    ),
    "coverage alone": _entry("states to which random actions lead", recipe="coverage"),
    "squared loss": _entry("the loss that turns linear for collisions", huber=50.0),
    "Adam alone": _entry("Muon for hidden matrices", muon_rate=None),
    "float32 products": _entry("bfloat16 products while training", autocast=False),
}

_SUBSTEPS = preset("substeps")
_BLIND = replace(_SUBSTEPS, foresight=(), remainder=None)


_ONE = replace(_BLIND, correctors=(Size(128, 2),))
_TWO = replace(_SUBSTEPS, correctors=(Size(128, 2),), remainder=Size(64, 2), foresight=(0.5,))


def _alternative(shows: str, model: MoSimConfig = _SUBSTEPS, *, physics_steps: int = 0, **training: Any) -> Entry:
    alike = {"batch": training_for(_SUBSTEPS).batch, "recipe": training_for(_SUBSTEPS).recipe}
    return Entry(model, replace(training_for(model), **alike, **training), shows, physics_steps)


ALTERNATIVES: dict[str, Entry] = {
    "default": _alternative("one evaluation, flight first, contacts foreseen at three instants of it"),
    "its end, too": _alternative(
        "contacts foreseen at the end of the control step, too", replace(_SUBSTEPS, foresight=(0.25, 0.5, 0.75, 1.0))
    ),
    "one stage": _alternative("everything trained together", stages=(Stage("joint", 1.0),)),
    "no remainder": _alternative("flight by M [b + τ] alone", replace(_SUBSTEPS, remainder=None)),
    "from present rates": _alternative("contacts foreseen at constant rates, no flight", replace(_BLIND, ahead=4)),
    "not foreseen": _alternative("contacts of the present alone", _BLIND),
    "pairs of physics steps": _alternative("one small evaluation for two physics steps", _TWO, physics_steps=2),
    "physics steps": _alternative("one small evaluation for each physics step", _ONE, physics_steps=1),
}
"""Ways to move by a control step that holds several physics steps."""


def run_entry(
    robot: str, name: str, entry: Entry, *, folder: Path, budget: float = 0.0, steps: int | None = None
) -> dict[str, object]:
    """Train one entry for `budget` seconds or for `steps`, and test it; a result that is in `folder` is read back, a broken run goes on."""
    place = folder / name.replace(" ", "-").replace(",", "")
    path = place / "result.json"
    if path.exists():
        return json.loads(path.read_text())
    coarse = load_robot(robot)
    trained = f"{robot}@{coarse.physics_step * entry.physics_steps:g}" if entry.physics_steps else robot
    near = model_for(robot) if entry.model.nonsmooth else entry.model
    model_config = replace(entry.model, sensors=len(sensor_columns(robot)), pairs=near.pairs, strings=near.strings)
    if (
        model_config.foresight and not entry.physics_steps
    ):  # where the robot's own model looks, and at the end if the entry does
        ends = tuple(instant for instant in model_config.foresight if instant == 1)
        model_config = replace(model_config, foresight=(*looks(coarse.substeps), *ends))
    curve: list[dict[str, float]] = []
    with Progress(name, None) as progress:

        def report(state: dict[str, float]) -> None:
            progress(state)
            curve.append({key: float(f"{state[key]:.5g}") for key in ("step", "seconds", "loss", "validation")})

        try:
            model, record = train(
                trained, model_config, entry.train, budget=budget, steps=steps, folder=place, report=report
            )
        except SolverDiverged:
            last = curve[-1] if curve else {"step": 0, "seconds": 0.0}
            result = {
                "name": name,
                "shows": entry.shows,
                "diverged_after": last,
                "provenance": provenance(),
                "training": asdict(entry.train),
            }
            write_atomically(path, json.dumps(result, indent=1) + "\n")
            return result
    simulator = Simulator(model, {})
    if entry.physics_steps:
        simulator = FinerSteps(simulator, coarse, coarse.substeps // entry.physics_steps)
    errors = {}
    for actions in ("uniform", "poisson"):
        test = random_test(robot, actions, segments=TEST_SEGMENTS, steps=100, seed=TEST_SEED)
        found = prediction_errors(simulator, test)
        errors[actions] = {
            "one_step": found["one_step_raw"],
            **found["raw"],
            "normalised": found["normalised"],
            "diverged": found["diverged"],
        }
    result = {
        "name": name,
        "shows": entry.shows,
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": record["step"],
        "seconds": round(record["seconds"], 1),
        "samples": record["step"] * entry.train.batch,
        "samples_per_second": round(record["step"] * entry.train.batch / record["seconds"]),
        "errors": errors,
        "curve": curve[:: max(1, len(curve) // 40)],
        "provenance": provenance(),
        "training": asdict(entry.train),
    }
    save_checkpoint(place / "checkpoint.safetensors", model, {"name": trained})
    write_atomically(path, json.dumps(result, indent=1) + "\n")
    (place / STATE).unlink()
    return result


def comparison_table(results: Mapping[str, Mapping[str, Any]], *, pace: bool = True) -> str:
    """Results as a Markdown table of raw mean squared errors on i.i.d. uniform actions; with `pace`, how long each trained and how fast."""
    rows = []
    for name, r in results.items():
        if "errors" not in r:
            rows.append([name, r["shows"], *([""] * 2 if pace else []), "diverged", *[""] * 4])
            continue
        e = r["errors"]["uniform"]
        times = [f"{r['seconds'] / 60:.0f} min", f"{r['samples_per_second']:,}"] if pace else []
        numbers = (f"{e[key]:.3g}" for key in ("one_step", "3", "16", "100"))
        rows.append([name, r["shows"], *times, *numbers, f"{100 * e['diverged']:.1f} %"])
    times = ["trained for", "samples/s"] if pace else []
    return table(["Model", "What it is for", *times, "1 step", "3", "16", "100 steps", "diverged"], rows)
