"""How well motion was logged: units, noise, lag, rows that repeat, and outliers."""

from __future__ import annotations

import numpy as np

from mosim_gym.data.lag import ENOUGH, Lag
from mosim_gym.data.log_findings import RESOLVED, SLOW, Finding, listed
from mosim_gym.data.log_units import rates
from mosim_gym.data.logs import Logs
from mosim_gym.data.position_fit import position_misfits
from mosim_gym.data.velocity_fit import velocity_misfits
from mosim_gym.mechanics.parts import JointType

Array = np.ndarray
NOISY = 0.3  # share of the one-step changes of velocity
QUIET = 5e-3  # share below which noise is that of the estimate
FAR = 20.0  # times the usual deviation of a step
REPEATED = 0.02  # share of the rows


def units(logs: Logs, degrees: bool | None = None) -> Finding:
    """Joints far beyond their range or many turns away, and velocities that are not the rates of positions.

    `degrees` says whether angles were taken for degrees, if that is known.
    """
    odd = [*position_misfits(logs, degrees), *velocity_misfits(logs)]
    if not odd:
        return Finding("units", "positions are within their ranges, and velocities are the rates of positions")
    advice = "; ".join(dict.fromkeys(misfit.advice for misfit in odd))
    return Finding("units", listed([misfit.said for misfit in odd]), f"{advice[0].upper()}{advice[1:]}.")


def noise_of_velocities(logs: Logs) -> tuple[Array, Array]:
    """The deviation of the white noise on each velocity, `(nv,)`, from third differences, and its share of a change in one step."""
    inside = _inside(logs, 3)
    v = logs.qvel
    third = v[inside + 3] - 3 * v[inside + 2] + 3 * v[inside + 1] - v[inside]
    noise = np.median(np.abs(third), axis=0) / 0.6745 / np.sqrt(20) if len(inside) else np.zeros(v.shape[1])
    steps = _inside(logs, 1)
    change = (v[steps + 1] - v[steps]).std(axis=0)
    told = change > RESOLVED
    return noise, np.where(told, np.sqrt(2) * noise / np.where(told, change, 1), 0)


def velocity_noise(logs: Logs) -> Finding:
    """White noise of velocities, from third differences, beside the change of velocity in a step."""
    noise, share = noise_of_velocities(logs)
    worst = int(share.argmax())
    name = logs.robot.dofs.names[worst]
    if noise[worst] < RESOLVED or share[worst] < QUIET:
        return Finding("noise", "none on the velocities")
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
            else f"commands explain less than {100 * ENOUGH:g} % of the accelerations"
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
    copies = "1 segment occurs" if twice == 1 else f"{twice} segments occur"
    said = f"{100 * same:.2g} % of the rows repeat the position before, though they move; {copies} twice"
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
