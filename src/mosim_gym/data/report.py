"""What logs hold, and what to do about what is missing in them or looks wrong: one finding for each question, with one sentence of advice.

`str(report)` is a table of the findings. `report.advice` has the advice alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from mosim_gym.data.lag import Lag, command_lag
from mosim_gym.data.log_units import BEYOND, proportion, rates
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.contact import contact_clearance, contact_quantities, limit_distance
from mosim_gym.mechanics.kinematics import ForwardKinematics
from mosim_gym.mechanics.parts import JointType

Array = np.ndarray
SAMPLE = 20_000  # rows of which contacts are computed
TOUCH, AT_LIMIT = 1e-3, 1e-2  # m; rad or m
STILL, SLOW = 0.02, 0.05  # rad or m; rad/s or m/s
LITTLE = 0.2  # of an actuator's range or of a joint's
FEW_SECONDS = 60.0
NOISY = 0.3  # share of the one-step changes of velocity
FAR = 20.0  # times the usual deviation of a step
REPEATED = 0.02  # share of the rows


@dataclass(frozen=True)
class Finding:
    """The answer to a question about logs. `advice` is empty where nothing needs to be done."""

    about: str
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """All findings, and the lag between command and motion where there are actuators and enough rows."""

    findings: tuple[Finding, ...]
    lag: Lag | None

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do, a sentence each."""
        return tuple(finding.advice for finding in self.findings if finding.advice)

    def __str__(self) -> str:
        width = max(len(finding.about) for finding in self.findings)
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.about:<{width}}  {finding.found}")
            if finding.advice:
                lines.append(f"{'':<{width}}  → {finding.advice}")
        return "\n".join(lines)


def report(logs: Logs) -> Report:
    """The findings in `logs`; takes some seconds for each million rows."""
    lag = command_lag(logs)
    findings = (
        _size(logs),
        *(Finding("import", note) for note in logs.notes),
        *_units(logs),
        _noise(logs),
        *([] if not logs.robot.nu else [_lag(logs, lag)]),
        *_joints(logs),
        *_actuators(logs),
        *_touching(logs),
        _repeats(logs),
        _outliers(logs),
    )
    return Report(findings, lag)


def _size(logs: Logs) -> Finding:
    lengths = logs.lengths * logs.control_step
    advice = ""
    if logs.seconds < FEW_SECONDS:
        advice = f"Record more: models of robots need minutes of motion, and these logs have {logs.seconds:.0f} s."
    elif len(logs) < 5:
        advice = "Record more segments, of different starts, so that whole segments can be held out for tests."
    return Finding(
        "motion",
        f"{len(logs)} segments of {lengths.min():.3g} to {lengths.max():.3g} s, {logs.seconds:.1f} s in all, {len(logs.qpos)} rows every "
        f"{1000 * logs.control_step:.4g} ms ({1 / logs.control_step:.4g} Hz)",
        advice,
    )


def _units(logs: Logs) -> Iterator[Finding]:
    """Joints far beyond their range or many turns away, and velocities that are not the rates of positions."""
    robot = logs.robot
    rate, mean = rates(robot, logs.qpos, logs.qvel, logs.starts, logs.control_step)
    odd = []
    for name, kind, q, v, limited, span in _single_joints(logs):
        most = float(np.abs(logs.qpos[:, q]).max())
        if limited and most > BEYOND * max(float(np.abs(span).max()), 0.1):
            odd.append(f"{name} reaches {most:.3g}, beyond its range to {np.abs(span).max():.3g}")
        elif kind is JointType.HINGE and not limited and most > 50:
            odd.append(f"{name} reaches {most:.3g} rad, {most / (2 * np.pi):.0f} turns")
        factor = proportion(rate[:, v], mean[:, v])
        if factor is not None and not 0.7 < factor < 1.4:
            odd.append(f"the velocity of {name} is {factor:.2f} times the rate of its position")
    if odd:
        yield Finding("units", "; ".join(odd), "Check units: import again with degrees=True if angles are in degrees.")
    else:
        yield Finding("units", "positions are within their ranges, and velocities are the rates of positions")


def _noise(logs: Logs) -> Finding:
    """White noise of velocities, from third differences, beside the change of velocity in a step."""
    inside = _inside(logs, 3)
    v = logs.qvel
    third = v[inside + 3] - 3 * v[inside + 2] + 3 * v[inside + 1] - v[inside]
    noise = np.median(np.abs(third), axis=0) / 0.6745 / np.sqrt(20) if len(inside) else np.zeros(v.shape[1])
    steps = _inside(logs, 1)
    change = (v[steps + 1] - v[steps]).std(axis=0)
    share = np.where(change > 0, np.sqrt(2) * noise / np.where(change > 0, change, 1), 0)
    worst = int(share.argmax())
    name = logs.robot.dofs.names[worst]
    size = f"{noise[worst]:.2g} {_speed_unit(logs, worst)}"
    said = f"about {size} on the velocity of {name}, {100 * share[worst]:.0f} % of its change in a step"
    advice = ""
    if share[worst] > NOISY:
        advice = "Learn from windows of several steps: in single steps this noise hides most of the acceleration."
    return Finding("noise", said, advice)


def _lag(logs: Logs, lag: Lag | None) -> Finding:
    if lag is None or not lag.known:
        why = (
            "there are too few rows"
            if lag is None
            else f"commands explain {100 * lag.explained:.2g} % of the accelerations"
        )
        return Finding("lag", f"unknown: {why}", "Record commands that change often and by much, such as random steps.")
    part = lag.seconds / logs.control_step
    said = f"motion follows commands after {1000 * lag.seconds:.1f} ± {1000 * lag.spread:.1f} ms ({part:.2f} steps)"
    if lag.seconds > max(0.15 * logs.control_step, lag.spread):
        return Finding("lag", said, "Give the model the commands before, too: the present one does not act at once.")
    if -lag.seconds > max(0.5 * logs.control_step, lag.spread):
        return Finding(
            "lag",
            said,
            "Check the logger: motion cannot precede its command; the command of a row may be that before it.",
        )
    return Finding("lag", said)


def _joints(logs: Logs) -> Iterator[Finding]:
    """What positions and speeds were visited, and which joints hardly moved."""
    still, narrow = [], []
    parts = []
    for name, _, q, v, limited, span in _single_joints(logs):
        low, high = np.quantile(logs.qpos[:, q], (0.005, 0.995))
        speed = float(np.quantile(np.abs(logs.qvel[:, v]), 0.99))
        parts.append(f"{name} {low:.2f} … {high:.2f}, up to {speed:.2g}/s")
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
        more = f"; and {len(parts) - 12} more" if len(parts) > 12 else ""
        yield Finding("joints", "; ".join(parts[:12]) + more, advice)


def _actuators(logs: Logs) -> Iterator[Finding]:
    """Which part of their ranges actuators used."""
    robot = logs.robot
    if not robot.nu:
        return
    low, high = np.quantile(logs.actions, (0.005, 0.995), axis=0)
    names = [name or f"actuator {i}" for i, name in enumerate(robot.actuators.names)]
    parts = [f"{name} {a:.3g} … {b:.3g}" for name, a, b in zip(names, low, high, strict=True)]
    idle = [name for name, column in zip(names, logs.actions.T, strict=True) if np.ptp(column) == 0]
    ranges = robot.actuators.range
    little = [
        name
        for i, name in enumerate(names)
        if robot.actuators.limited[i] and name not in idle and high[i] - low[i] < LITTLE * (ranges[i, 1] - ranges[i, 0])
    ]
    beyond = [
        name
        for i, name in enumerate(names)
        if robot.actuators.limited[i]
        and ((logs.actions[:, i] < ranges[i, 0] - 1e-6) | (logs.actions[:, i] > ranges[i, 1] + 1e-6)).mean() > 0.01
    ]
    advice = ""
    if idle:
        advice = f"Vary the command of {_named(idle)}: it never changes, so its effect cannot be learned."
    elif beyond:
        advice = f"Check the units of {_named(beyond)}: commands lie outside of the range in the robot's description."
    elif little:
        advice = f"Use more of the range of {_named(little)}: less than a fifth was."
    more = f"; and {len(parts) - 12} more" if len(parts) > 12 else ""
    yield Finding("commands", "; ".join(parts[:12]) + more, advice)


def _touching(logs: Logs) -> Iterator[Finding]:
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
            "contacts", f"{100 * share:.0f} % of the rows touch; the lowest point is at {1000 * deep:.3g} mm", advice
        )
    distance = limit_distance(robot, qpos)
    if distance.shape[-1]:
        share = float((distance.amin(dim=-1) < AT_LIMIT).double().mean())
        yield Finding("limits", f"{100 * share:.0f} % of the rows have a joint at its limit")


def _repeats(logs: Logs) -> Finding:
    """Rows that equal the row before, and segments that occur twice."""
    rows = _inside(logs, 1)
    moving = np.abs(logs.qvel[rows]).max(axis=1) > SLOW
    same = ((logs.qpos[rows + 1] == logs.qpos[rows]).all(axis=1) & moving).mean() if len(rows) else 0.0
    keys = [segment.qpos.tobytes() for segment in logs] if len(logs.qpos) < 5_000_000 else []
    twice = len(keys) - len(set(keys))
    said = f"{100 * same:.2g} % of the rows repeat the position before, though they move; {twice} segments occur twice"
    advice = ""
    if twice:
        advice = "Leave the copies out, or tests on held-out segments will see what was learned."
    elif same > REPEATED:
        advice = "Import at a lower rate: the positions are measured less often than they are logged."
    return Finding("duplicates", said, advice)


def _outliers(logs: Logs) -> Finding:
    """Steps in which the position does not change as the velocities say, by far more than usual."""
    robot, step = logs.robot, logs.control_step
    rows = _inside(logs, 1)
    worst, where, count = 0.0, 0, 0
    for first in range(0, len(rows), 100_000):
        part = rows[first : first + 100_000]
        starts = np.array([0, len(part) * 2])
        pairs = np.stack((part, part + 1), axis=1).reshape(-1)
        rate, mean = rates(robot, logs.qpos[pairs], logs.qvel[pairs], starts, step) if len(part) else (None, None)
        if rate is None or mean is None:
            break
        off = np.abs(rate - mean)[::2]
        usual = 1.4826 * np.median(off, axis=0) + 1e-6 + 1e-3 * np.abs(mean[::2]).mean(axis=0)
        far = (off / usual).max(axis=1)
        count += int((far > FAR).sum())
        if far.max() > worst:
            worst, where = float(far.max()), int(part[far.argmax()])
    segment = int(np.searchsorted(logs.starts, where, "right")) - 1
    said = f"{count} steps are more than {FAR:g} times as far off their velocity as usual"
    if count:
        said += f"; the worst is row {where - logs.starts[segment]} of {logs.sources[segment]}"
    share = count / max(1, len(rows))
    advice = "Look at these rows: impacts are real, jumps of a sensor should be cut out." if share > 1e-3 else ""
    return Finding("outliers", said, advice)


def _single_joints(logs: Logs) -> Iterator[tuple[str, JointType, int, int, bool, Array]]:
    """Name, type, place in `qpos` and in `qvel`, whether limited, and range of each hinge and slide."""
    joints = logs.robot.joints
    for row, name in enumerate(joints.names):
        kind = JointType(int(joints.type[row]))
        if kind in (JointType.HINGE, JointType.SLIDE):
            q, v = int(joints.qpos_start[row]), int(joints.dof_start[row])
            yield name or f"joint {row}", kind, q, v, bool(joints.limited[row]), joints.range[row]


def _inside(logs: Logs, after: int) -> Array:
    """The rows that have `after` rows after them in their segment."""
    counts = np.maximum(np.diff(logs.starts) - after, 0)
    return np.repeat(logs.starts[:-1] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())


def _speed_unit(logs: Logs, dof: int) -> str:
    joints = logs.robot.joints
    row = int(logs.robot.dofs.joint[dof])
    linear = joints.type[row] == JointType.SLIDE or (
        joints.type[row] == JointType.FREE and dof - joints.dof_start[row] < 3
    )
    return "m/s" if linear else "rad/s"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more
