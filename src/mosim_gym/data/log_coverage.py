"""What logged motion covers: positions and speeds of joints, commands, contacts and limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from mosim_gym.data.log_commands import OFTEN, clipped_commands
from mosim_gym.data.log_findings import SLOW, Finding, listed, short, single_joints
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.contact import contact_clearance, contact_quantities, limit_distance
from mosim_gym.mechanics.kinematics import ForwardKinematics

SAMPLE = 20_000  # rows of which contacts are computed
TOUCH, AT_LIMIT = 1e-3, 1e-2  # m; rad or m
STILL = 0.02  # rad or m
LITTLE = 0.2  # of an actuator's range or of a joint's


def visited_joints(logs: Logs) -> Iterator[Finding]:
    """What positions and speeds were visited, and which joints hardly moved."""
    still, narrow = [], []
    parts = []
    for name, _, q, v, limited, span in single_joints(logs):
        low, high = np.quantile(logs.qpos[:, q], (0.005, 0.995))
        speed = float(np.quantile(np.abs(logs.qvel[:, v]), 0.99))
        ends = " … ".join(f"{round(float(end), 2) + 0.0:.2f}" for end in (low, high))
        parts.append(f"{name} {ends}, up to {short(speed, 2)}/s")
        if high - low < STILL and speed < SLOW:
            still.append(name)
        elif limited and high - low < LITTLE * (span[1] - span[0]):
            narrow.append(name)
    if parts:
        advice = ""
        if still:
            advice = f"Move {_named(still)}: a model learns nothing of a joint that never moves."
        elif narrow:
            advice = f"Move {_named(narrow)} further: less than a fifth of the range was visited."
        yield Finding("joints", listed(parts), advice)


def used_actuators(logs: Logs) -> Iterator[Finding]:
    """Which part of their ranges actuators used."""
    robot = logs.robot
    if not robot.nu:
        return
    low, high = np.quantile(logs.actions, (0.005, 0.995), axis=0)
    names = [name or f"actuator {i}" for i, name in enumerate(robot.actuators.names)]
    parts = [f"{name} {short(a)} … {short(b)}" for name, a, b in zip(names, low, high, strict=True)]
    idle = [name for name, column in zip(names, logs.actions.T, strict=True) if np.ptp(column) == 0]
    ranges = robot.actuators.range
    little = [
        name
        for i, name in enumerate(names)
        if robot.actuators.limited[i] and name not in idle and high[i] - low[i] < LITTLE * (ranges[i, 1] - ranges[i, 0])
    ]
    beyond = [one.name for one in clipped_commands(robot, logs) if one.share > OFTEN]
    advice = ""
    if idle:
        advice = f"Vary the command of {_named(idle)}: it never changes, so its effect cannot be learned."
    elif beyond:
        advice = f"Check the units of {_named(beyond)}: training clips commands outside of the range in the robot's description."
    elif little:
        advice = f"Use more of the range of {_named(little)}: less than a fifth was."
    yield Finding("commands", listed(parts), advice)


def touching(logs: Logs) -> Iterator[Finding]:
    """The shares of rows in which something touches, and in which a joint is at a limit."""
    robot = logs.robot
    rows = np.arange(0, len(logs.qpos), max(1, len(logs.qpos) // SAMPLE))
    qpos, qvel = (torch.from_numpy(np.ascontiguousarray(part[rows])) for part in (logs.qpos, logs.qvel))
    if len(robot.contacts) and robot.contact_enabled:
        values = ForwardKinematics(robot, contact_quantities(robot))(qpos, qvel)
        clearance = contact_clearance(robot, values)[0].amin(dim=-1)
        share, deep = float((clearance < TOUCH).double().mean()), float(clearance.min())
        advice = ""
        if deep < -0.05:
            advice = "Check shapes, units and the height of the ground: the robot is deep in it."
        elif not share:
            advice = "Record motion with contacts, or the model will not know of them."
        yield Finding(
            "contacts",
            f"{100 * share:.0f} % of the rows touch; the lowest point is at {1000 * float(short(deep)):.3g} mm",
            advice,
        )
    distance = limit_distance(robot, qpos)
    if distance.shape[-1]:
        share = float((distance.amin(dim=-1) < AT_LIMIT).double().mean())
        yield Finding("limits", f"{100 * share:.0f} % of the rows have a joint at its limit")


def _named(names: list[str]) -> str:
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more
