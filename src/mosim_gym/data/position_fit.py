"""Whether the positions of logs are in radians and metres: they lie in the ranges of joints, and turn as joints do."""

from __future__ import annotations

import numpy as np

from mosim_gym.data.log_findings import Misfit, single_joints
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.parts import JointType

BEYOND, NARROW, OFTEN = 0.5, 0.2, 0.01
"""A limited joint is named that is beyond its range by this share of it, in this share of the rows; impacts push joints beyond for moments.
A range narrower than 0.2 rad or m counts as so wide."""
FAST, FAR, BACK = 30.0, 2 * np.pi, 0.2
"""rad/s, rad, and the share of its way by which a hinge without limits ends elsewhere: one that goes back and forth so fast and so far
is in degrees."""
MANY = 50.0  # rad: a hinge that is further from zero may be in degrees
SMALL = 2 * np.pi * np.pi / 180
"""rad: radians that were taken for degrees are no larger, where a joint stays within one turn."""
STILL = 1e-4  # rad
FEWEST = 50  # rows in which a joint has moved, if it moves
DEGREES = "import again with degrees=True if angles are in degrees"


def position_misfits(logs: Logs, degrees: bool | None = None) -> list[Misfit]:
    """One for each hinge or slide whose positions look like another unit, or one for all hinges.

    `degrees` says whether angles were taken for degrees, if that is known.
    """
    found: list[Misfit] = []
    largest, moving = 0.0, False
    for name, kind, q, v, limited, span in single_joints(logs):
        position = logs.qpos[:, q]
        low, high = float(position.min()), float(position.max())
        most = max(-low, high)
        if kind is JointType.HINGE:
            largest, moving = max(largest, most), moving or high - low > STILL
        advice = DEGREES if kind is JointType.HINGE else "check the unit of this position, which is m"
        if limited:
            low, high = (float(end) for end in np.quantile(position, (OFTEN, 1 - OFTEN)))
            room = BEYOND * max(float(span[1] - span[0]), NARROW)
            if high > span[1] + room or low < span[0] - room:
                end = span[1] if high - span[1] > span[0] - low else span[0]
                at = high if end == span[1] else low
                found.append(Misfit(f"{name} reaches {at:.3g}, beyond its range to {end:.3g}", advice))
        elif kind is JointType.HINGE:
            speed = float(np.quantile(np.abs(logs.qvel[:, v]), 0.99))
            swings = speed > FAST and most > FAR and _net(position, logs.starts) < BACK
            if swings or (most > MANY and degrees is None):
                turns = f"{most / (2 * np.pi):.0f} turns, at up to {speed:.3g} rad/s"
                found.append(Misfit(f"{name} reaches {most:.3g} rad, {turns}", advice))
    if degrees is True and len(logs.qpos) >= FEWEST and moving and largest <= SMALL and not found:
        said = f"no hinge is ever further than {largest:.2g} rad from zero, as if radians had been taken for degrees"
        found.append(Misfit(said, "import again without degrees=True if the log has radians"))
    return found


def _net(position: np.ndarray, starts: np.ndarray) -> float:
    """By which share of its way a joint ends elsewhere than it began, in all segments together."""
    step = np.abs(np.diff(position))
    step[starts[1:-1] - 1] = 0
    net = np.abs(position[starts[1:] - 1] - position[starts[:-1]]).sum()
    return float(net / step.sum()) if step.any() else 1.0
