"""Tables of models that were learned from measured motion, from what benchmarks/measured.py wrote, beside what others published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mosim_gym.evaluation.logged import LoggedErrors
from mosim_gym.evaluation.tables import table
from mosim_gym.pictures.measured_plot import Curve
from mosim_gym.studies.measured import NOT_YET, measured
from mosim_gym.studies.measured_motion import MACHINES
from mosim_gym.studies.targets import MEASURED_ANGLES, MEASURED_TOSS, verdict

SHOWN = (0.05, 0.1, 0.25, 0.5)
"""Horizons of the tables, s."""
FLOORS = ("hold last", "constant velocity", "linear model")


def measured_tables(report: Mapping[str, Any]) -> dict[str, str]:
    """For each machine its table, what it was measured on, and where the numbers come from."""
    return {
        f"measured {name}": f"{measured_table(name, runs)}\n\n{_about(runs)} {measured(runs)}"
        if (runs := report.get(name))
        else NOT_YET
        for name in MACHINES
    }


def measured_table(name: str, runs: Mapping[str, Any]) -> str:
    """The errors of the runs of the machine `name`: along whole tosses where it is tossed, else of its joints by horizon."""
    return _tosses(runs) if MACHINES[name].tossed else _horizons(runs)


def joint_errors(run: Mapping[str, Any], title: str, unit: str = "rad") -> Curve:
    """Horizons (s) and the root mean square errors of a predictor over all parts with that unit."""
    found = LoggedErrors.from_dict("", run["errors"])
    return list(found.horizons), found.overall(unit, title).tolist()


def model_title(run: Mapping[str, Any]) -> str:
    """What was learned from, in words."""
    share = "all logs" if run["share"] == 1 else f"{100 * run['share']:g} % of the logs"
    known = "" if run["known"] is None else f", {run['known']} known"
    start = "" if run.get("start") is None else f", after {run['start']}"
    return share + known + start


def measured_panels(runs: Mapping[str, Any]) -> dict[str, tuple[dict[str, Curve], dict[str, Curve]]]:
    """What `measured_plot` draws: by unit the curves of the models, and those of floors."""
    widest = _widest(runs)
    units = list(dict.fromkeys(widest["errors"]["units"].values()))
    floors = [floor for floor in FLOORS if floor in widest["errors"]["rmse"]]
    return {
        f"root mean square error ({unit})": (
            {model_title(run): joint_errors(run, "dynamics", unit) for run in runs.values()},
            {floor: joint_errors(widest, floor, unit) for floor in floors},
        )
        for unit in units
    }


def _widest(runs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The run with the most logs, with which floors are shown: they are the same for all runs."""
    return max(runs.values(), key=lambda run: run["share"])


def _learned(run: Mapping[str, Any]) -> list[str]:
    return [
        f"{run['learned']['seconds']:.0f} s, {run['learned']['segments']}",
        f"{run['training_seconds'] / 60:.1f} min",
    ]


def _horizons(runs: Mapping[str, Any]) -> str:
    rows = []
    for run in runs.values():
        errors = _chosen(*joint_errors(run, "dynamics"))
        target = verdict(MEASURED_ANGLES, _at_horizons(run)) if run["share"] == 1 else ""
        rows.append([f"learned from {model_title(run)}", *_learned(run), *errors, target])
    widest = _widest(runs)
    floors = [floor for floor in FLOORS if floor in widest["errors"]["rmse"]]
    rows += [[floor, "", "", *_chosen(*joint_errors(widest, floor)), ""] for floor in floors]
    return table(["Predictor", "Motion, segments", "Training", *(f"{h:g} s" for h in SHOWN), "Target"], rows)


def _at_horizons(run: Mapping[str, Any]) -> dict[str, float]:
    """The model's errors, rad, by the horizon's name."""
    horizons, errors = joint_errors(run, "dynamics")
    return {f"{h:g} s": errors[int(np.abs(np.array(horizons) - h).argmin())] for h in SHOWN}


def _chosen(horizons: Sequence[float], errors: Sequence[float]) -> list[str]:
    """The errors at the horizons that are shown."""
    places = [int(np.abs(np.array(horizons) - shown).argmin()) for shown in SHOWN]
    return [f"{errors[place]:.3g}" for place in places]


def _tosses(runs: Mapping[str, Any]) -> str:
    rows = []
    for run in runs.values():
        found = run["along"]["dynamics"]
        target = verdict(MEASURED_TOSS, found) if run["share"] == 1 else ""
        rows.append([f"learned from {model_title(run)}", *_learned(run), *_toss(found), target])
    widest = _widest(runs)
    floors = [floor for floor in FLOORS if floor in widest["along"]]
    rows += [[floor, "", "", *_toss(widest["along"][floor]), ""] for floor in floors]
    return table(["Predictor", "Motion, tosses", "Training", "Place, m", "Rotation, degrees", "Target"], rows)


def _toss(found: Mapping[str, float]) -> list[str]:
    return [f"{found['place']:.4f}", f"{found['rotation']:.1f}"]


def _about(runs: Mapping[str, Any]) -> str:
    """What the runs were measured on."""
    widest = _widest(runs)
    held = widest["held_out"]
    return (
        f"Held out: {held['segments']} segments, {held['seconds']:.0f} s. Ensembles of {widest['members']}: each member predicts "
        f"its part of the windows. Commands before the present one that are inputs: {widest['memory']}."
    )


def measured_headline(report: Mapping[str, Any], swing_up: Mapping[str, Any]) -> str:
    """What models of real machines reach, in sentences for the README."""
    pendulum, cube, policy = report["pendulum"]["1"], report["cube"]["1"], swing_up["anywhere"]["stand_in"]
    angles, toss = _at_horizons(pendulum), cube["along"]["dynamics"]
    minutes = max(run["training_seconds"] for run in (pendulum, cube)) / 60
    early, late = (
        f"{angles[horizon]:.{digits}f} rad after {horizon}" for horizon, digits in (("0.1 s", 3), ("0.5 s", 2))
    )
    sentences = (
        f"From the measured motion of two real machines, after {minutes:.0f} minutes of training on one core:",
        f"the angles of a double pendulum are predicted to {early} and {late} from {pendulum['learned']['seconds']:.0f} s of logs;",
        f"a tossed cube's place to {1000 * toss['place']:.0f} mm and its rotation to {toss['rotation']:.0f}° along whole tosses.",
        "A policy that was trained in a model of the double pendulum, as an acrobot, swung up and balanced a simulated stand-in of the",
        f"machine in {policy['up']} of {policy['episodes']} episodes.",
    )
    return " ".join(sentences)
