"""Rules for the header of a checkpoint: for everything that a simulator, an environment or a comparison reads. The rest is plain JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from mosim_gym.density.motion_density import HEADER as DENSITY_HEADER
from mosim_gym.dynamics.config import KNOWN
from mosim_gym.dynamics.networks import ACTIVATIONS
from mosim_gym.dynamics.solvers import SOLVERS
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.schema import (
    Misfit,
    Rule,
    anything,
    each,
    mapping,
    nullable,
    number,
    one_of,
    record,
    row,
    text,
    whole,
)

KIND, FORMAT = "checkpoint", 1
NAME = re.compile(r"(?P<robot>[a-z0-9_]+(@[0-9.]+)?)(:(?P<variant>[a-z0-9_-]+))?")
"""A checkpoint's name: `robot[@dt][:variant]`."""

CHECKPOINT_NAME = text(NAME, "named robot[@dt][:variant]", longest=100)
_TENSORS = 1_000  # more blocks or correctors than this has no model
_SIZE = record({"width": whole(1, 100_000), "blocks": whole(0, _TENSORS)}, others=False)
_NETWORK = nullable(_SIZE)
_FLAG = one_of(True, False)
_MODEL = record(
    {"preset": text(), "inertia": _NETWORK, "bias": _NETWORK, "torque": _NETWORK, "correctors": each(_SIZE, 1, 100)},
    {
        "activation": one_of(*ACTIVATIONS),
        "inertia_activation": nullable(one_of(*ACTIVATIONS)),
        **dict.fromkeys(("layer_norm", "canonical", "whiten", "quadratic", "nonsmooth", "drift", "servos"), _FLAG),
        "ahead": whole(0, 100),
        **dict.fromkeys(("remainder", "beyond"), _NETWORK),
        "foresight": each(number(1e-6, 1), 0, 100),
        "friction": each(number(1e-9, 1e9), 0, 100),
        "gate": nullable(number(0, 1e9)),
        "pairs": each(row(text(), text()), 0, 10_000),
        "strings": each(row(text(), text(), number(0)), 0, 10_000),
        "tendons": each(text(), 0, 10_000),
        "sensors": whole(0, 10_000),
        "solver": one_of(*SOLVERS),
        "members": whole(1, 1_000_000),
        "memory": whole(0, 1_000),
        "known": nullable(one_of(*KNOWN)),
    },
    others=False,
)


class Measured(TypedDict):
    """A model's errors in one test, by horizon in control steps where there are several; see `evaluation/prediction.py`."""

    raw: dict[str, float]
    normalised: NotRequired[dict[str, float]]
    touch: NotRequired[dict[str, float]]
    one_step_raw: NotRequired[float]
    diverged: NotRequired[float]
    valid_seconds: NotRequired[float]


class CheckpointCard(TypedDict):
    """What is read of a checkpoint's card. `model` is a `MoSimConfig` as JSON; `benchmark` has the errors in each test."""

    name: str
    robot: str
    fingerprint: str
    model: Mapping[str, Any]
    recipe: NotRequired[JSON]
    seeds: NotRequired[list[int]]
    benchmark: NotRequired[dict[str, Measured]]
    benchmark_protocol: NotRequired[dict[str, JSON]]
    disagreement: NotRequired[dict[str, float]]
    transitions: NotRequired[int]
    parameters: NotRequired[int]
    training_steps: NotRequired[int]
    training_seconds: NotRequired[float]
    box: NotRequired[Box]


class CheckpointHeader(TypedDict):
    """The header of a checkpoint's file."""

    version: int
    card: CheckpointCard
    robot: NotRequired[JSON]
    density: NotRequired[JSON]
    kind: NotRequired[str]


def _measured(value: JSON) -> Misfit | None:
    """A measured error. That of a model that diverges may be NaN."""
    return None if value != value else number(0, 1e38)(value)  # NaN alone differs from itself


_HEADER = record(
    {
        "version": one_of(FORMAT),
        "card": record(
            {"name": CHECKPOINT_NAME, "robot": text(), "fingerprint": text(), "model": _MODEL},
            {
                "recipe": anything,
                "seeds": each(whole()),
                "benchmark": mapping(
                    record(
                        {"raw": mapping(_measured)},
                        {
                            "normalised": mapping(_measured),
                            "touch": mapping(_measured),
                            "one_step_raw": _measured,
                            "diverged": _measured,
                            "valid_seconds": _measured,
                        },
                    )
                ),
                "benchmark_protocol": record({}),
                "disagreement": mapping(number(0)),
                "transitions": whole(),
                "training_steps": whole(),
                "training_seconds": number(0),
                "box": record({}),
            },
        ),
    },
    {"kind": one_of(KIND), "robot": record({}), "density": DENSITY_HEADER},
)


def checkpoint_header(robot: Robot | None = None) -> Rule:
    """The rule for a header. With `robot`, its box must fit that robot's states."""
    if robot is None:
        return _HEADER
    sides = {"qpos": nullable(number()), "qvel": number()}
    sizes = {"qpos": robot.nq, "qvel": robot.nv}
    parts = {name: _range(each(side, sizes[name], sizes[name])) for name, side in sides.items()}
    box = record({"card": record({}, {"box": record(parts, others=False)})})

    def rule(value: JSON) -> Misfit | None:
        return _HEADER(value) or box(value)

    return rule


def _descends(sides: Any) -> bool:
    """Whether a coordinate's lowest value is above its highest."""
    return any(None not in (a, b) and a > b for a, b in zip(*sides, strict=True))


def _range(side: Rule) -> Rule:
    """The rule for the lowest and the highest value of each coordinate."""
    both = row(side, side)

    def rule(value: JSON) -> Misfit | None:
        misfit = both(value)
        if misfit is None and _descends(value):
            return Misfit("", value, "lowest and highest values in that order")
        return misfit

    return rule
