"""`simulated_logs`: the motion of the MuJoCo model in a robot's own file, as logs of that robot."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np

from mosim_gym.data.actions import action_sampler
from mosim_gym.data.log_files import check_same_robot, opened_logs
from mosim_gym.data.logs import Logs
from mosim_gym.data.simulated_starts import LikeLogs, OwnStarts
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.motion import Segments
from mosim_gym.mechanics.numbers import check_seed, is_finite, positive_number
from mosim_gym.mechanics.robot_file import MEASURED
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray
SECONDS, DURATION, STEPS = 300.0, 0.25, 20
"""Of all motion, and of a segment, which has so many control steps at least, unless something else is said."""
AT_ONCE = 200_000
"""Physics steps that are simulated at once; their states lie in memory."""
MARK = "simulation of "
"""With which the sources of simulated segments begin."""


def simulated_logs(
    file: str | PathLike[str],
    like: Logs | str | PathLike[str] | None = None,
    seconds: float | None = None,
    seed: int = 0,
    *,
    segments: int | None = None,
    duration: float | None = None,
    timestep: float | None = None,
    spread: float = 0.5,
    actions: str = "coverage",
    followed: float = 0.5,
    threads: int | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Logs:
    """True motion of the model in the MJCF or URDF `file`, simulated by MuJoCo, as logs of the robot that `Robot.from_file` reads from it.

    Args:
        file: The path of the file.
        like: Measured motion of the same robot, or its folder: segments start around its states and have its control step. Without it they
            start around the file's first keyframe, or its rest state.
        seconds: How much motion to simulate, 300 s by default.
        seed: That of starts and commands. The same seed gives the same motion.
        segments: How many segments to simulate, in place of `seconds`.
        duration: The length of a segment, s; by default 0.25 s, and at least 20 control steps.
        timestep: The control step, s; by default that of `like`, or else the file's physics step.
        spread: How far starts are spread. Around logs: speeds are scaled by up to this share, and positions and velocities get noise of up
            to so many standard deviations, within the limits of joints and the range of the logs. Else: the share of the joints' ranges.
        actions: The family of the commands: `coverage`, `uniform` or `poisson`, over the actuators' ranges; with `like`, over that part of
            them which its commands fill, wider by `spread` of its half. Each segment has a random share of that. Actuators without limits
            need `like`.
        followed: The share of segments that get the commands of `like` that followed its state, in place of a family's.
        threads: Cores to use; by default all.
        report: Is called with what was changed or left out, a sentence at a time. `logs.notes` has the same sentences.

    Velocities and quaternions are exact. Segments in which the simulation becomes unstable are left out and counted. Where the control step
    is no multiple of the file's physics step, the nearest physics step that divides it is simulated.
    """
    check_seed(seed)
    path = _path(file)
    _check_numbers(seconds, segments, duration, spread, followed)
    like = None if like is None else opened_logs(like, "like")
    if timestep is None and like is not None:
        timestep = like.control_step
    dynamics = TrueDynamics.of_file(path, timestep, threads=threads)
    robot = dynamics.robot
    if like is not None:
        check_same_robot("`like`", like.robot, robot)
    steps = max(1, round((duration or DURATION) / robot.control_step))
    steps = max(STEPS, steps) if duration is None else steps
    count = segments or max(1, round((seconds or SECONDS) / (steps * robot.control_step)))
    low, high = _ranges(robot, like, spread)
    rng = np.random.default_rng(seed)
    commands = action_sampler(actions)(rng, count, steps, robot.nu, robot.control_step) * rng.random((count, 1, 1))
    commands = (high + low) / 2 + (high - low) / 2 * commands
    if like is None:
        qpos, qvel = OwnStarts(robot, _initial(dynamics), spread)(rng, count)
    else:
        rows = rng.integers(len(like.qpos), size=count)
        qpos, qvel = LikeLogs(robot, like, spread)(rng, rows)
        chosen = np.flatnonzero(rng.random(count) < followed)
        commands[chosen] = _following(like, rows[chosen], steps).clip(*robot.control_range)
    commands = commands.astype(np.float32).astype(np.float64)  # the model and the simulation get the same numbers
    moved = _simulated(dynamics, qpos, qvel, commands)
    stable = np.isfinite(moved.qpos).all((1, 2)) & np.isfinite(moved.qvel).all((1, 2))
    notes = _notes(dynamics, count, int(stable.sum()))
    if not stable.any():
        raise ValueError(
            f"The simulation of {path.name} became unstable in all of {count} segments; check the file, or choose a smaller spread."
        )
    for note in notes:
        report(note)
    logs = Logs.of_segments(robot, Segments(*(part[stable] for part in moved)))
    source = f"{MARK}{path.name}, seed {seed}"
    return Logs(
        robot, logs.qpos, logs.qvel, logs.actions, logs.starts, sources=(source,) * len(logs), notes=tuple(notes)
    )


def is_simulated(source: str) -> bool:
    """Whether a segment with that source is of `simulated_logs`."""
    return source.startswith(MARK)


def _path(file: str | PathLike[str]) -> Path:
    given: object = file
    if isinstance(given, Robot):
        raise TypeError(
            "A Robot does not keep its file, whose model is simulated: give the path of the MJCF or URDF file."
        )
    if not isinstance(given, str | PathLike):
        raise TypeError(f"file is a {type(given).__name__}; it must be the path of an MJCF or URDF file.")
    return Path(file)


def _check_numbers(
    seconds: float | None, segments: int | None, duration: float | None, spread: float, followed: float
) -> None:
    if seconds is not None and segments is not None:
        raise ValueError("seconds and segments both say how much to simulate; give one of them.")
    for name, value in (("seconds", seconds), ("duration", duration)):
        if value is not None and not (is_finite(value) and value > 0):
            raise ValueError(f"{name} is {value!r}; it must be a positive number of seconds.")
    if segments is not None:
        positive_number(segments, "segments")
    if not is_finite(spread) or spread < 0:
        raise ValueError(f"spread is {spread!r}; it must be a number, at least 0.")
    if not is_finite(followed) or not 0 <= followed <= 1:
        raise ValueError(f"followed is {followed!r}; it must be a share from 0 to 1.")


def _ranges(robot: Robot, like: Logs | None, spread: float) -> tuple[Array, Array]:
    """The lowest and the highest command of each actuator, `(nu,)`: by its limits, and by the logs' commands widened by `spread`."""
    low, high = (np.array(side, np.float64) for side in robot.control_range)
    if like is not None:
        lowest, highest = like.actions.min(0), like.actions.max(0)
        wider = spread * (highest - lowest) / 2
        return np.clip(lowest - wider, low, high), np.clip(highest + wider, low, high)
    endless = ~np.isfinite(low) | ~np.isfinite(high)
    if endless.any():
        names = ", ".join(name for name, without in zip(robot.actuators.names, endless, strict=True) if without)
        raise ValueError(
            f"The file has no control range for {names}: write a ctrlrange, or give logs as `like`, whose commands tell the range."
        )
    return low, high


def _initial(dynamics: TrueDynamics) -> Array:
    """The positions of the file's first keyframe, or at rest."""
    return np.array(dynamics.model.key_qpos[0] if dynamics.model.nkey else dynamics.robot.qpos0, np.float64)


def _following(logs: Logs, rows: Array, steps: int) -> Array:
    """The commands `(n, steps, nu)` from each row on; the last one that moved anything in a segment is held from there."""
    segment = np.searchsorted(logs.starts, rows, side="right") - 1
    last = np.maximum(logs.starts[segment + 1] - 2, logs.starts[segment])
    return logs.actions[np.minimum(rows[:, None] + np.arange(steps), last[:, None])]


def _simulated(dynamics: TrueDynamics, qpos: Array, qvel: Array, commands: Array) -> Segments:
    """The motion from each start, NaN where it becomes unstable."""
    steps = commands.shape[1]
    rows = max(1, AT_ONCE // (steps * dynamics.substeps))
    parts = [
        dynamics.rollout(qpos[i : i + rows], qvel[i : i + rows], commands[i : i + rows])
        for i in range(0, len(qpos), rows)
    ]
    path_q, path_v = (
        np.concatenate((first[:, None], np.concatenate([part[column] for part in parts])), axis=1)
        for column, first in enumerate((qpos, qvel))
    )
    return Segments(path_q, path_v, commands, np.zeros((*commands.shape[:2], 0)))


def _notes(dynamics: TrueDynamics, count: int, stable: int) -> list[str]:
    notes: list[str] = []
    if dynamics.robot.integrator == MEASURED:
        step = dynamics.timestep
        notes.append(
            f"The control step of {step:g} s is no multiple of the file's physics step; it was simulated in {dynamics.substeps} physics "
            f"steps of {step / dynamics.substeps:g} s."
        )
    if stable < count:
        notes.append(f"{count - stable} of {count} segments became unstable and were left out.")
    return notes
