"""The open benchmark of world models: an entry is one registered class, fitted on given motion and tested twice.

The first test has a seed that everybody knows. The second is larger, and its seed is a digest of what the fitted model predicted in the
first. So it follows from the fitted parameters, wherever a model keeps them, and whoever enters cannot choose it.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

from mosim_gym.evaluation.floors import HoldLast
from mosim_gym.evaluation.growing import error_growth
from mosim_gym.evaluation.heldout import HISTORY, HeldOut, random_test
from mosim_gym.evaluation.predicted import predicted
from mosim_gym.mechanics.folder_lock import FolderLock
from mosim_gym.mechanics.narrowing import is_mapping
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.schema import checked, mapping, nullable, number, record, whole
from mosim_gym.mechanics.settings import check_settings, setting
from mosim_gym.mechanics.storage import FileFault, readable_json, write_atomically
from mosim_gym.mechanics.version import __version__
from mosim_gym.mechanics.world_model import WORLD_MODELS, WorldModel
from mosim_gym.studies.equal_motion import equal_motion

ROBOTS = ("reacher", "acrobot", "cheetah", "hopper@0.005")
"""Those that an entry which counts is measured on."""
ACTIONS = ("uniform", "poisson")
HORIZONS = (16, 100)
FIT_SEED, PUBLIC_SEED = 0, 20_011
_UP_TO = record({str(h): nullable(number(0, math.inf)) for h in HORIZONS})
_STILL = record({str(h): number(1e-30, math.inf) for h in HORIZONS})
_TEST = record(dict.fromkeys(ACTIONS, record({"raw": _UP_TO, "hold_last": _STILL, "diverged": number(0, 1)})))
MEASURED = record({"fit_seconds": number(0), "transitions": whole(), "public": _TEST, "drawn": _TEST})
"""What an entry's file holds of a robot."""


@dataclass(frozen=True)
class Rules:
    """What an entry has and is asked. An entry counts if it keeps to the defaults."""

    transitions: int = setting(1_000_000, least=100, most=1_000_000_000)  # control steps to learn from
    budget: float = setting(1200.0, above=0)  # seconds to fit, for each robot
    segments: int = setting(200, least=2, most=1_000_000)  # of the first test
    drawn_segments: int = setting(1000, least=2, most=1_000_000)  # of the second

    def __post_init__(self) -> None:
        """Raise for a value that breaks its rule."""
        check_settings(self)


def enter(
    name: str,
    out: Path,
    shared: Path,
    *,
    robots: Sequence[str] = ROBOTS,
    rules: Rules | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Path:
    """Measure the registered world model `name` on `robots` and write `out/name.json`, which is the entry.

    `shared` keeps the motion to learn from. A robot that the file has already, by the same rules and the same version of the package, is
    not measured again.
    """
    kind, rules = WORLD_MODELS.find(name), rules or Rules()
    if not robots:
        raise ValueError(f"There is no robot to measure; name one or more of {', '.join(ROBOTS)}.")
    path = out / f"{name}.json"
    _alone = FolderLock(out, path.name)
    read_again = json.loads(readable_json(asdict(rules)))
    entry: dict[str, Any] = {
        "model": name,
        "title": kind.title,
        "class": f"{kind.__module__}:{kind.__qualname__}",
        "package": package_of(name),
        "rules": {rule: read_again[rule] for rule in asdict(rules)},
    }
    entry["robots"] = _measured_already(path, entry)
    for robot in robots:
        if robot in entry["robots"]:
            continue
        report(f"{name} on {robot}: motion, then {rules.budget:g} s to learn, then tests")
        entry["robots"][robot] = measure(kind(), robot, rules, shared)
        write_atomically(path, readable_json({**entry, "provenance": provenance(seeds=[FIT_SEED, PUBLIC_SEED])}))
    return path


def _measured_already(path: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The robots that the file at `path` has, which must be of the same `entry`; none where there is no file."""
    if not path.exists():
        return {}
    try:
        there = json.loads(path.read_text())
        known, robots = {**there["rules"], "package": there["package"], "class": there["class"]}, dict(there["robots"])
    except (ValueError, KeyError, TypeError) as error:
        raise FileFault(f"{path} is not an entry of the benchmark; choose another --out.") from error
    wanted = {**entry["rules"], "package": entry["package"], "class": entry["class"]}
    odd = next((key for key, value in wanted.items() if known.get(key) != value), None)
    if odd is not None:
        raise FileFault(
            f"{path} was measured with {odd} {_said(known.get(odd))}, not {_said(wanted[odd])}; choose another --out."
        )
    return _check_robots(path, robots)


def _check_robots(path: Path, robots: dict[str, Any]) -> dict[str, Any]:
    """`robots` of an entry, once each has all its numbers."""
    try:
        return checked(path, "robots", robots, mapping(MEASURED), dict[str, Any])
    except FileFault as fault:
        said = str(fault).removesuffix(".")
        raise FileFault(f"{said}; delete the file, and all is measured again, or choose another --out.") from fault


def _said(value: object) -> str:
    """A value of an entry in a message; a package by its name and version."""
    return " ".join(str(part) for part in value.values()) if is_mapping(value) else str(value)


def package_of(name: str) -> dict[str, str | None]:
    """The package that registers a world model by an entry point, with its version; this package where none does."""
    for entry in entry_points(group=WORLD_MODELS.group):
        if entry.name == name and entry.dist is not None:
            return {"name": entry.dist.name, "version": entry.dist.version}
    return {"name": "mosim_gym", "version": __version__}


def measure(model: WorldModel, robot: str, rules: Rules, shared: Path) -> dict[str, Any]:
    """Fit `model` and test it twice."""
    if model.context > HISTORY:
        raise ValueError(f"{type(model).__name__} needs {model.context} true states first; a test has {HISTORY}.")
    data = equal_motion(robot, rules.transitions, shared)
    begun = time.monotonic()
    model.fit(data, rules.budget, FIT_SEED)
    seconds = time.monotonic() - begun
    public = {
        kind: random_test(robot, kind, segments=rules.segments, steps=max(HORIZONS), seed=PUBLIC_SEED)
        for kind in ACTIONS
    }
    seed = drawn_seed(model, list(public.values()))
    drawn = {
        kind: random_test(robot, kind, segments=rules.drawn_segments, steps=max(HORIZONS), seed=seed)
        for kind in ACTIONS
    }
    return {
        "context": model.context,
        "fit_seconds": seconds,
        "transitions": data.transitions,
        "public": {"seed": PUBLIC_SEED, **{kind: _errors(model, test) for kind, test in public.items()}},
        "drawn": {"seed": seed, **{kind: _errors(model, test) for kind, test in drawn.items()}},
    }


def drawn_seed(model: WorldModel, tests: Sequence[HeldOut]) -> int:
    """The seed, below 2^32, of the second test: from the SHA-256 of all that the model predicts in `tests`, in float32."""
    digest = hashlib.sha256()
    for test in tests:
        path = predicted(model, test.history, test.actions)
        for part in (path.qpos, path.qvel):
            digest.update(np.ascontiguousarray(part, np.float32).tobytes())
    return int.from_bytes(digest.digest()[:4], "big")


def _errors(model: WorldModel, test: HeldOut) -> dict[str, Any]:
    """Raw errors up to the horizons, those of predicting no motion, and the share of segments that diverged. None is infinite."""
    found, still = error_growth(model, test), error_growth(HoldLast(), test)
    return {
        "raw": {str(h): _finite(found.errors[h - 1]) for h in HORIZONS},
        "hold_last": {str(h): _finite(still.errors[h - 1]) for h in HORIZONS},
        "diverged": found.diverged,
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def score(entry: Mapping[str, Any], part: str = "drawn") -> float:
    """The geometric mean, over robots, actions and horizons, of the error over that of predicting no motion; lower is better.

    A prediction that diverges makes it infinite.
    """
    logs: list[float] = []
    for robot in entry["robots"].values():
        for kind in ACTIONS:
            for h in map(str, HORIZONS):
                error, still = robot[part][kind]["raw"][h], robot[part][kind]["hold_last"][h]
                logs.append(
                    np.inf if error is None or robot[part][kind]["diverged"] else np.log(max(error, 1e-30) / still)
                )
    return float(np.exp(np.mean(logs))) if logs else np.inf


def why_not(entry: Mapping[str, Any]) -> str:
    """Why an entry does not count, in a few words; empty if it counts."""
    rules = Rules()
    odd = [key for key, value in asdict(rules).items() if entry["rules"].get(key) != value]
    missing = [robot for robot in ROBOTS if robot not in entry["robots"]]
    late = [name for name, found in entry["robots"].items() if found["fit_seconds"] > 1.1 * rules.budget]
    parts = [
        *([f"other {', '.join(odd)}"] if odd else []),
        *([f"without {', '.join(missing)}"] if missing else []),
        *([f"longer than the budget on {', '.join(late)}"] if late else []),
    ]
    return "; ".join(parts)
