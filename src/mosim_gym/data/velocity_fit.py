"""Whether the velocities of logs are the rates of their positions, for each degree of freedom, and what they look like if they are not.

Both are averaged over up to 0.1 s, so that noise and a filter's delay count less. Velocities are compared with the rates of all degrees of
freedom, and rotations also with their numbers in another order and in the world's frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from mosim_gym.data.log_findings import SLOW, Misfit
from mosim_gym.data.logs import Logs
from mosim_gym.data.velocity_delay import velocity_delays
from mosim_gym.mechanics.manifold import difference
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.rotations import conjugate, rotate

Array = np.ndarray
LONGEST = 0.1  # s
SAMPLE = 20_000  # rows that are looked at
FEWEST = 20  # windows
FIT, LIKE, ODD = 0.8, 0.9, 0.5
"""Correlations at which a factor means something, at which two motions are the same, and below which they are two."""
LOW, HIGH = 0.7, 1.4
"""Factors between which velocities are the rates of positions."""
DEGREES = (40.0, 80.0)
NOTABLY = 0.02  # by which a correlation is below 1, if another motion is looked for
ZERO = 1e-3  # of the rate of the position
ESTIMATE = "import again with velocity='savgol', which estimates velocities from positions"


class _Sample(NamedTuple):
    """Control steps: positions at both ends `(N, nq)` and the mean velocity `(N, nv)`; windows of `steps` of them follow one another."""

    start: Array
    end: Array
    velocity: Array
    steps: int
    seconds: float

    def rate(self, robot: Robot) -> Array:
        """The rate of change of the positions, `(N, nv)`."""
        return difference(robot, torch.from_numpy(self.end), torch.from_numpy(self.start), self.seconds).numpy()


def velocity_misfits(logs: Logs) -> list[Misfit]:
    """One for each degree of freedom, or for each rotation, whose velocities are not the rates of its positions."""
    robot, sample = logs.robot, _sample(logs)
    if len(sample.start) < FEWEST * sample.steps:
        return []
    found: list[Misfit] = []
    judged = np.ones(robot.nv, bool)
    for name, quaternion, dofs in _rotations(robot):
        misfit = _rotation_misfit(robot, sample, name, quaternion, dofs)
        if misfit is not None:
            found.append(misfit)
            judged[dofs] = False
    fit, delays = _Fit(sample.rate(robot), sample.velocity, sample.steps), velocity_delays(logs)
    for dof in np.flatnonzero(judged):
        misfit = _dof_misfit(robot, sample, fit, int(dof), float(delays[dof]))
        if misfit is not None:
            found.append(misfit)
    return found


class _Fit:
    """How the velocities (rows) go with the rates of positions (columns), each of all degrees of freedom."""

    def __init__(self, rate: Array, velocity: Array, steps: int) -> None:
        """Averages over one step, a third of a window and a window. Of each pair those count that go together best."""
        nv = rate.shape[1]
        self.correlation, self.factor = np.zeros((nv, nv)), np.zeros((nv, nv))
        for width in sorted({1, max(1, steps // 3), steps}):
            r, v = (_averaged(part, steps, width) for part in (rate, velocity))
            rr, vv = np.square(r).sum(0), np.square(v).sum(0)
            # Sums and no products of BLAS, whose threads wait for one another where cores are busy.
            vr = np.stack([(column[:, None] * r).sum(0) for column in v.T])
            size = np.sqrt(vv[:, None] * rr)
            correlation = np.where(size > 0, vr / np.where(size > 0, size, 1), 0)
            better = np.abs(correlation) > np.abs(self.correlation)
            self.correlation = np.where(better, correlation, self.correlation)
            self.factor = np.where(better, vr / np.where(rr > 0, rr, 1), self.factor)
            self.rate, self.velocity = (np.sqrt(total / max(1, len(r))) for total in (rr, vv))


def _dof_misfit(robot: Robot, sample: _Sample, fit: _Fit, dof: int, delay: float) -> Misfit | None:
    """What the velocity of one degree of freedom looks like; None if it is the rate of its position. `delay` is in s, 0 for none."""
    name = f"the velocity of {robot.dofs.names[dof]}"
    rate, velocity = fit.rate[dof], fit.velocity[dof]
    same, factor = fit.correlation[dof, dof], fit.factor[dof, dof]
    if rate > SLOW and velocity < ZERO * rate:
        return Misfit(f"{name} is zero, and its position moves", ESTIMATE)
    if max(rate, velocity) < SLOW:
        return None
    other = _other(robot, fit, dof)
    if other is not None:
        swapped = " (swapped)" if abs(fit.correlation[other, dof]) > LIKE else ""
        said = f"{name} is the rate of {robot.dofs.names[other]}{swapped}"
        return Misfit(said, "check the order of the columns of the velocities")
    if delay and not _is_position(robot, sample, dof):
        return Misfit(f"{name} is {abs(1000 * delay):.3g} ms {'late' if delay > 0 else 'early'}", ESTIMATE)
    if same <= -ODD:
        times = "" if LOW < -factor < HIGH else f", and is {-factor:.3g} times as large"
        return Misfit(f"{name} has its sign turned{times}", f"turn the sign of these velocities, or {ESTIMATE}")
    if same >= FIT and not LOW < factor < HIGH:
        said, advice = _scaled(factor)
        return Misfit(f"{name} is {factor:#.3g} times the rate of its position{said}", advice)
    moves = rate > SLOW or velocity > 10 * SLOW
    if moves and same < ODD and (same < 0.2 or not LOW < factor < HIGH):
        if _is_position(robot, sample, dof):
            return Misfit(f"{name} is its position", f"give the column of the velocities, or {ESTIMATE}")
        return Misfit(
            f"{name} is unrelated to the rate of its position", f"check the columns of the velocities, or {ESTIMATE}"
        )
    return None


def _scaled(factor: float) -> tuple[str, str]:
    """What a factor from rates to velocities looks like, and what to do."""
    low, high = DEGREES
    if low < factor < high:
        return ", as degrees beside radians are", "import again with degrees='qvel'"
    if 1 / high < factor < 1 / low:
        return ", as radians beside degrees are", "import again with degrees='qpos'"
    return "", "check the units of positions, velocities and time"


def _other(robot: Robot, fit: _Fit, dof: int) -> int | None:
    """The degree of freedom whose rate the velocity of `dof` is instead; None if there is none."""
    likeness = np.abs(fit.correlation[dof])
    same = likeness[dof]
    if 1 - same < NOTABLY:
        return None
    order = np.argsort(-likeness)
    for other in order[order != dof]:
        like = likeness[other]
        if like < LIKE or 1 - like > 0.5 * (1 - same):
            return None
        mutual = abs(fit.correlation[other, dof]) > abs(fit.correlation[other, other])
        alike = _is_linear(robot, dof) == _is_linear(robot, int(other))
        if alike and (same < ODD or mutual) and 0.5 < abs(fit.factor[dof, other]) < 2:
            return int(other)
    return None


def _rotation_misfit(robot: Robot, sample: _Sample, name: str, quaternion: slice, dofs: slice) -> Misfit | None:
    """What the angular velocity of a free or ball joint looks like; None if it is the rate of the rotation, or like nothing known."""
    velocity = sample.velocity[:, dofs]
    if np.sqrt(np.square(_averaged(velocity, sample.steps, sample.steps)).sum(1).mean()) < SLOW:
        return None
    if _fits(sample.rate(robot)[:, dofs], velocity, sample.steps):
        return None
    for shift, order in ((1, "xyzw"), (-1, "wxyz")):
        if _fits(_reordered(sample, quaternion, shift).rate(robot)[:, dofs], velocity, sample.steps):
            said = f"the quaternion of {name} fits its angular velocity only if its numbers are in the order {order}"
            return Misfit(said, f"import again with quaternions='{order}'")
    turn = conjugate(torch.from_numpy(np.ascontiguousarray(sample.start[:, quaternion])))
    turned = rotate(turn, torch.from_numpy(np.ascontiguousarray(velocity))).numpy()
    if _fits(sample.rate(robot)[:, dofs], turned, sample.steps):
        return Misfit(
            f"the angular velocity of {name} is in the world's frame, and MuJoCo's is in the body's",
            f"turn it into the body's frame, or {ESTIMATE}",
        )
    return None


def _reordered(sample: _Sample, quaternion: slice, shift: int) -> _Sample:
    """The sample with the numbers of a quaternion turned by `shift` places."""
    start, end = sample.start.copy(), sample.end.copy()
    for part in (start, end):
        part[:, quaternion] = np.roll(part[:, quaternion], shift, axis=1)
    return sample._replace(start=start, end=end)


def _fits(rate: Array, velocity: Array, steps: int) -> bool:
    """Whether vectors `(N, 3)` go together in direction."""
    for width in {1, max(1, steps // 3), steps}:
        r, v = (_averaged(part, steps, width) for part in (rate, velocity))
        size = np.sqrt(np.square(r).sum() * np.square(v).sum())
        if size > 0 and (r * v).sum() / size > LIKE:
            return True
    return False


def _is_position(robot: Robot, sample: _Sample, dof: int) -> bool:
    """Whether the velocities of a hinge or slide are its positions."""
    row = int(robot.dofs.joint[dof])
    if robot.joints.type[row] in (JointType.FREE, JointType.BALL):
        return False
    position = (sample.start + sample.end)[:, int(robot.joints.qpos_start[row])] / 2
    return bool(np.allclose(position, sample.velocity[:, dof], rtol=1e-3, atol=1e-3 * np.abs(position).max()))


def _is_linear(robot: Robot, dof: int) -> bool:
    """Whether a degree of freedom is in m/s."""
    row = int(robot.dofs.joint[dof])
    kind, place = robot.joints.type[row], dof - int(robot.joints.dof_start[row])
    return kind == JointType.SLIDE or (kind == JointType.FREE and place < 3)


def _rotations(robot: Robot) -> Iterator[tuple[str, slice, slice]]:
    """Name, quaternion and angular velocity of each free or ball joint."""
    joints = robot.joints
    for row, kind in enumerate(joints.type):
        shift = {JointType.FREE: 3, JointType.BALL: 0}.get(JointType(int(kind)))
        if shift is not None:
            q, v = int(joints.qpos_start[row]) + shift, int(joints.dof_start[row]) + shift
            yield joints.names[row] or f"joint {row}", slice(q, q + 4), slice(v, v + 3)


def _sample(logs: Logs) -> _Sample:
    """Windows at even distances, up to 20,000 rows."""
    steps = int(np.clip(round(LONGEST / logs.control_step), 1, max(1, logs.transitions // (2 * FEWEST))))
    steps = min(steps, max(1, int(np.median(logs.lengths))))
    counts = logs.lengths // steps
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    first = np.repeat(logs.starts[:-1], counts) + steps * number
    first = first[:: max(1, len(first) * steps // SAMPLE)]
    rows = (first[:, None] + np.arange(steps)).reshape(-1)
    start, end = (np.array(logs.qpos[at]) for at in (rows, rows + 1))
    return _Sample(start, end, (logs.qvel[rows] + logs.qvel[rows + 1]) / 2, steps, logs.control_step)


def _averaged(values: Array, steps: int, width: int) -> Array:
    """Means over `width` rows within windows of `steps`."""
    windows = values.reshape(-1, steps, values.shape[1])[:, : steps // width * width]
    return windows.reshape(-1, width, values.shape[1]).mean(axis=1)
