"""How well motion was logged: units, noise, lag, rows that repeat, and outliers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mosim_gym.data.lag import Lag
from mosim_gym.data.log_findings import SLOW, Finding, single_joints
from mosim_gym.data.log_units import BEYOND, proportion, rates
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.parts import JointType

Array = np.ndarray
NOISY = 0.3  # share of the one-step changes of velocity
FAR = 20.0  # times the usual deviation of a step
REPEATED = 0.02  # share of the rows


def units(logs: Logs) -> Iterator[Finding]:
    """Joints far beyond their range or many turns away, and velocities that are not the rates of positions."""
    robot = logs.robot
    rate, mean = rates(robot, logs.qpos, logs.qvel, logs.starts, logs.control_step)
    odd = []
    for name, kind, q, v, limited, span in single_joints(logs):
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


def noise_of_velocities(logs: Logs) -> tuple[Array, Array]:
    """The deviation of the white noise on each velocity, `(nv,)`, from third differences, and its share of a change in one step."""
    inside = _inside(logs, 3)
    v = logs.qvel
    third = v[inside + 3] - 3 * v[inside + 2] + 3 * v[inside + 1] - v[inside]
    noise = np.median(np.abs(third), axis=0) / 0.6745 / np.sqrt(20) if len(inside) else np.zeros(v.shape[1])
    steps = _inside(logs, 1)
    change = (v[steps + 1] - v[steps]).std(axis=0)
    return noise, np.where(change > 0, np.sqrt(2) * noise / np.where(change > 0, change, 1), 0)


def velocity_noise(logs: Logs) -> Finding:
    """White noise of velocities, from third differences, beside the change of velocity in a step."""
    noise, share = noise_of_velocities(logs)
    worst = int(share.argmax())
    name = logs.robot.dofs.names[worst]
    size = f"{noise[worst]:.2g} {_speed_unit(logs, worst)}"
    said = f"about {size} on the velocity of {name}, {100 * share[worst]:.0f} % of its change in a step"
    advice = ""
    if share[worst] > NOISY:
        advice = "Learn from windows of several steps: in single steps this noise hides most of the acceleration."
    return Finding("noise", said, advice)


def implied_steps(logs: Logs) -> Array:
    """The times from row to row that positions and velocities imply, in s, of the faster half of the rows, 20,000 at most.

    Where rows are regular, all are about the control step. A position that was measured once and logged twice implies no time, and then
    twice the time.
    """
    rate, mean = rates(logs.robot, logs.qpos, logs.qvel, logs.starts, logs.control_step)
    usual = np.abs(mean).mean(axis=0)
    moving = usual > 0
    rate, mean = (part[:, moving] / usual[moving] for part in (rate, mean))
    size = np.square(mean).sum(axis=1)
    fast = (size >= np.median(size)) & (size > 0)
    return logs.control_step * (rate * mean).sum(axis=1)[fast] / size[fast]


def lag_of_commands(logs: Logs, lag: Lag | None) -> Finding:
    """By how much motion follows commands, from a `lag` that was estimated; None is unknown."""
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


def repeats(logs: Logs) -> Finding:
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


def outliers(logs: Logs) -> Finding:
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
