"""From a table to `Logs`: segments, gaps, rate, and velocities where the log has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from mosim_gym.data.columns import Columns
from mosim_gym.data.importers.base import Table
from mosim_gym.data.log_rate import MUCH, check_against, check_alone, way_out
from mosim_gym.data.log_reading import States, lacks_last_command, read_labels, read_states, read_time_step, read_times
from mosim_gym.data.log_times import UNITS, Beat, TimeUnit, find_beat, segment_starts
from mosim_gym.data.log_units import Degrees, Quaternions, wrong_unit
from mosim_gym.data.logs import Logs
from mosim_gym.data.resampling import Rows, resample
from mosim_gym.data.velocities import causal_velocities, savgol_velocities, window_for
from mosim_gym.data.wrapped_angles import unwrapped
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.storage import FileFault

Array = np.ndarray
Say = Callable[[str], None]
Velocity = Literal["given", "savgol", "causal"]


@dataclass(frozen=True)
class Options:
    """How a log is to be understood; see `import_logs`."""

    time_step: float | None = None
    time_unit: TimeUnit = "s"
    degrees: Degrees = False
    quaternions: Quaternions = "wxyz"
    velocity: Velocity | None = None
    window: int | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for values that are none of the choices."""
        choices = {
            "time_unit": tuple(UNITS),
            "degrees": (False, True, "qpos", "qvel"),
            "quaternions": ("wxyz", "xyzw"),
            "velocity": (None, "given", "savgol", "causal"),
        }
        for name, valid in choices.items():
            if getattr(self, name) not in valid:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(map(repr, valid))}.")


def table_motion(table: Table, columns: Columns, robot: Robot, options: Options) -> Logs:
    """The motion of `robot` in a table, at its control step. The notes say what was changed."""
    notes: list[str] = []
    states = read_states(table, columns, robot, options.degrees, options.quaternions)
    if lacks_last_command(table, columns):
        notes.append(
            "The commands have a row less than the states: the last command, which moves nothing, was missing."
        )
    clock = _read_clock(table, columns, options)
    starts, order, labels = clock.starts, clock.order, clock.labels
    if order is not None:
        qvel = None if states.qvel is None else states.qvel[order]
        states = States(states.qpos[order], qvel, states.actions[order])
        labels = None if labels is None else labels[order]
    beat = find_beat(table.source, clock.times, clock.declared, starts, robot.control_step)
    logged = None if beat.times is None and beat.step == robot.control_step else beat.step
    check_against(table.source, beat.step, robot)
    if beat.gaps:
        notes.append(f"{table.source}: time jumps at {beat.gaps} places, where segments were split.")
    sources = _sources(table, labels, starts, beat.starts)
    lengths = np.diff(beat.starts)
    rows, beat = _long_enough(Rows(*states, beat.starts, np.arange(len(sources))), beat)
    if not len(rows.pieces):
        raise _too_short(table)
    qpos, turned = unwrapped(robot, rows.qpos, rows.starts)
    if turned:
        rows = rows._replace(qpos=qpos)
        notes.append(f"{table.source}: readings of {', '.join(turned)} jump by a whole turn; the jumps were taken out.")
    rows, beat = _with_velocities(table, robot, rows, beat, options, notes.append)
    rows = _at_control_step(robot, rows, beat, notes.append)
    assert rows.qvel is not None
    if not len(rows.pieces):
        raise FileFault(
            f"{table.source} has no segment as long as a control step of {robot.name}, {robot.control_step:g} s."
        )
    if len(rows.pieces) < len(sources):
        lost = int(np.delete(lengths, rows.pieces).sum())
        left = f"{len(sources) - len(rows.pieces)} segments that are too short ({lost} of {lengths.sum()} rows)"
        notes.append(f"{table.source}: left out {left}.")
    wrong = wrong_unit(robot, rows.qpos, rows.qvel, rows.starts, robot.control_step)
    if wrong is not None:
        raise FileFault(f"{table.source}: {wrong}.")
    kept = tuple(sources[i] for i in rows.pieces)
    return Logs(robot, rows.qpos, rows.qvel, rows.actions, rows.starts, kept, tuple(notes), logged)


class _Clock(NamedTuple):
    """When rows were logged, as a table says it: the first rows of its segments, the order that makes these whole, the rows' labels,
    their times (s) in that order, and the time step (s).
    """

    starts: Array
    order: Array | None
    labels: Array | None
    times: Array | None
    declared: float | None


def _read_clock(table: Table, columns: Columns, options: Options) -> _Clock:
    labels = read_labels(table, columns)
    rows = table.shapes[columns.qpos[0]][0]
    starts, order = (np.array([0, rows]), None) if labels is None or not len(labels) else segment_starts(labels)
    times = read_times(table, columns, order, starts, UNITS[options.time_unit]) if rows else None
    if rows < 2:
        raise _too_short(table)
    declared = options.time_step if options.time_step is not None else read_time_step(table, columns)
    return _Clock(starts, order, labels, times, declared)


def logged_step(table: Table, columns: Columns, options: Options) -> float:
    """The seconds from row to row in a table: few digits or a whole number of rows in a second, where its times allow that."""
    clock = _read_clock(table, columns, options)
    beat = find_beat(table.source, clock.times, clock.declared, clock.starts, np.nan)
    check_alone(table.source, beat.step)
    short = float(f"{beat.step:.3g}")
    if beat.times is not None:
        return short
    for step in (short, 1 / max(1, round(1 / beat.step))):
        if find_beat(table.source, clock.times, clock.declared, clock.starts, step).step == step:
            return step
    return float(f"{beat.step:.9g}")


def _too_short(table: Table) -> FileFault:
    return FileFault(f"{table.source} has no two rows that follow one another; a log needs at least two.")


def _sources(table: Table, labels: Array | None, starts: Array, pieces: Array) -> list[str]:
    """The name of each piece: the file, the segment there, and which part of it."""
    first = pieces[:-1]
    owner = np.searchsorted(starts, first, "right") - 1
    part = np.arange(len(first)) - np.searchsorted(owner, owner)
    cut = np.bincount(owner, minlength=len(starts) - 1)[owner] > 1
    named = [f"{table.source}" if labels is None else f"{table.source}, segment {labels[row]}" for row in first]
    return [f"{name}, part {p + 1}" if many else name for name, p, many in zip(named, part, cut, strict=True)]


def _long_enough(rows: Rows, beat: Beat) -> tuple[Rows, Beat]:
    """Without the segments of one row."""
    lengths = np.diff(rows.starts)
    fits = lengths >= 2
    if fits.all():
        return rows, beat
    kept = np.repeat(fits, lengths)
    starts = np.concatenate(([0], np.cumsum(lengths[fits])))
    qvel = None if rows.qvel is None else rows.qvel[kept]
    times = None if beat.times is None else beat.times[kept]
    rows = Rows(rows.qpos[kept], qvel, rows.actions[kept], starts, rows.pieces[fits])
    return rows, Beat(starts, beat.step, times, beat.gaps)


def _with_velocities(
    table: Table, robot: Robot, rows: Rows, beat: Beat, options: Options, say: Say
) -> tuple[Rows, Beat]:
    """The rows with velocities: those of the log, or estimates. Rows without a regular beat get one before the estimate."""
    if rows.qvel is not None:
        return rows, beat
    if options.velocity == "given":
        raise FileFault(f"{table.source} has no velocities; give their column, or leave out velocity='given'.")
    if beat.times is not None:
        step = beat.step if beat.step < robot.control_step / 2 else robot.control_step
        rows = resample(robot, rows, beat, step)
        say(_irregular(beat, step))
        beat = Beat(rows.starts, step)
    if options.velocity == "causal":
        qvel = causal_velocities(robot, rows.qpos, rows.starts, beat.step)
        say("Velocities were estimated by differences from the row before.")
    else:
        qvel = savgol_velocities(robot, rows.qpos, rows.starts, beat.step, options.window)
        window = options.window or window_for(beat.step)
        say(
            f"Velocities were estimated by cubic polynomials through {window} rows ({1000 * window * beat.step:.3g} ms)."
        )
    return rows._replace(qvel=qvel), beat


def _irregular(beat: Beat, step: float) -> str:
    return f"Rows about {beat.step:.2g} s apart, at irregular times, were resampled every {step:g} s."


def _at_control_step(robot: Robot, rows: Rows, beat: Beat, say: Say) -> Rows:
    """The rows, resampled unless they are one control step apart."""
    step = robot.control_step
    if beat.times is None and beat.step == step:
        return rows
    if beat.times is not None:
        say(_irregular(beat, step))
    else:
        kept = f"; {way_out(robot, beat.step)} keeps the log's rate" if MUCH * beat.step < step else ""
        say(f"Rows every {beat.step:.6g} s were resampled to the control step of {step:g} s{kept}.")
    return resample(robot, rows, beat, step)
