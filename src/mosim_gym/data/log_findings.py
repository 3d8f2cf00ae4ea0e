"""`Finding`: the answer to a question about logs, and what is asked for in several questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.parts import JointType

Array = np.ndarray
SLOW = 0.05  # rad/s or m/s
RESOLVED = 1e-6
"""rad, m, or either in a second: what is smaller is a rounding error."""
SHOWN = 12
"""Joints or actuators that a finding lists."""


@dataclass(frozen=True)
class Finding:
    """The answer to a question about logs. `advice` is empty where nothing needs to be done."""

    about: str
    found: str
    advice: str = ""


class LogsNote(UserWarning):
    """What looks wrong in logs that were imported."""


class Misfit(NamedTuple):
    """What looks wrong, and what to do, each without capital letter and stop."""

    said: str
    advice: str


def single_joints(logs: Logs) -> Iterator[tuple[str, JointType, int, int, bool, Array]]:
    """Name, type, place in `qpos` and in `qvel`, whether limited, and range of each hinge and slide."""
    joints = logs.robot.joints
    for row, name in enumerate(joints.names):
        kind = JointType(int(joints.type[row]))
        if kind in (JointType.HINGE, JointType.SLIDE):
            q, v = int(joints.qpos_start[row]), int(joints.dof_start[row])
            yield name or f"joint {row}", kind, q, v, bool(joints.limited[row]), joints.range[row]


def short(value: float, digits: int = 3) -> str:
    """A number in few digits; 0 if it is so small that it is a rounding error."""
    return "0" if abs(value) < RESOLVED else f"{value:.{digits}g}"


def listed(parts: list[str]) -> str:
    """The first few of `parts`, and how many more there are."""
    more = f"; and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return "; ".join(parts[:SHOWN]) + more
