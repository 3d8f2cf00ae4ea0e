"""Robots whose models the package myo-sim has: its fingers and limbs, pulled by tendons. The extra `myo` installs it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from mosim_gym.mechanics.plain_mjcf import plain_mjcf, spec_of_file
from mosim_gym.robots.definition import Assets, Extra

MYO = Extra(package="myo_sim", distribution="myo-sim", name="myo")


def myo_file(robot: str, path: str) -> Callable[[], tuple[str, Assets]]:
    """A function that reads the file at `path` among myo-sim's models, for the robot `robot`."""
    return _model(robot, lambda package: spec_of_file(Path(package.MODELS_DIR) / path))


def myo_model(robot: str, name: str, strength: float) -> Callable[[], tuple[str, Assets]]:
    """A function that builds the model that myo-sim calls `name`, whose muscles become motors of `strength` times their peak force."""
    return _model(robot, lambda package: package.load_spec(name), strength)


def _model(robot: str, spec: Callable[[ModuleType], Any], strength: float = 1.0) -> Callable[[], tuple[str, Assets]]:
    def read() -> tuple[str, Assets]:
        with warnings.catch_warnings():
            # myo-sim attaches models to one another so that MuJoCo may write them wrongly; plain_mjcf puts that right.
            warnings.filterwarnings("ignore", message="Attaching a spec with an empty prefix")
            return plain_mjcf(spec(MYO.load(robot)), strength), {}

    return read
