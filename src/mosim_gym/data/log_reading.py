"""Arrays of motion from a table's columns: float64, in radians, with unit quaternions, and without a number that is not finite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mosim_gym.data.arrays import not_finite
from mosim_gym.data.columns import Columns
from mosim_gym.data.importers.base import Table
from mosim_gym.data.log_times import backwards
from mosim_gym.data.log_units import Degrees, Quaternions, normalise_quaternions, reorder_quaternions, to_radians
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.storage import FileFault

Array = np.ndarray
COARSE = 1e-3
"""s: times whose last digit is larger have too few."""


class States(NamedTuple):
    """The rows of a table: `qpos (rows, nq)`, `qvel (rows, nv)` or None, `actions (rows, nu)`."""

    qpos: Array
    qvel: Array | None
    actions: Array


def read_states(
    table: Table, columns: Columns, robot: Robot, degrees: Degrees = False, quaternions: Quaternions = "wxyz"
) -> States:
    """The motion in `table`. Raises `FileFault` for numbers that are not finite, with file, column and row, and for other lengths.

    Where one action is missing, that after the last state, the one before is repeated.
    """
    rows = table.shapes[columns.qpos[0]][0]
    qpos = _array(table, columns.qpos, rows)
    if degrees in (True, "qpos"):
        to_radians(robot, qpos, "qpos")
    if quaternions == "xyzw" and not columns.by_joint:
        reorder_quaternions(robot, qpos)
    odd = normalise_quaternions(robot, qpos)
    if odd is not None:
        raise FileFault(
            f"{table.source} has a quaternion whose length is not 1 in {', '.join(columns.qpos)}, {table.place(odd)}."
        )
    qvel = _array(table, columns.qvel, rows) if columns.qvel else None
    if qvel is not None and degrees in (True, "qvel"):
        to_radians(robot, qvel, "qvel")
    short = lacks_last_command(table, columns)
    actions = _array(table, columns.action, rows - 1 if short else rows)
    if short:
        actions = np.concatenate((actions, actions[-1:]))
    return States(qpos, qvel, actions)


def read_labels(table: Table, columns: Columns) -> Array | None:
    """The label of each row's segment; None where the whole table is one."""
    if not columns.segment:
        return None
    labels = _column(table, columns.segment, table.shapes[columns.qpos[0]][0])
    if labels.ndim != 1:
        raise FileFault(f"{table.source}: the column of segments {columns.segment!r} has several numbers in a row.")
    return labels


def read_times(table: Table, columns: Columns, order: Array | None, starts: Array, unit: float) -> Array | None:
    """The time of each row since the first, in s; None where the table has none. Raises `FileFault` where time does not grow.

    `order` is that in which the rows of the segments that begin at `starts` stand; `unit` is the log's unit of time, in s.
    """
    if not columns.time:
        return None
    column = _column(table, columns.time, table.shapes[columns.qpos[0]][0])
    times = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column
    if times.ndim != 1 or times.dtype.kind not in "iuf":
        raise FileFault(f"{table.source}: the column of times {columns.time!r} must have one number in a row.")
    _check_finite(table, times[:, None], (columns.time,))
    exact = np.longdouble if times.dtype.kind == "u" else times.dtype if times.dtype.kind == "i" else np.float64
    seconds = (times.astype(exact) - times[0].astype(exact)).astype(np.float64) * unit
    if order is not None:
        seconds = seconds[order]
    row = backwards(seconds, starts)
    if row is not None:
        found, before = (row, row - 1) if order is None else (int(order[row]), int(order[row - 1]))
        place = f"{table.source}: time does not grow in column {columns.time!r}, {table.place(found)}"
        raise FileFault(f"{place}: {_standstill(times, found, before, unit)}.")
    return seconds


def _standstill(times: Array, row: int, before: int, unit: float) -> str:
    """Why the time of `row` is not after that of the row `before`, and what to do."""
    digit = float(np.spacing(np.abs(times).max())) if times.dtype.kind == "f" and times.dtype.itemsize < 8 else 0.0
    if digit * unit > COARSE:
        return (
            f"times in {times.dtype} have too few digits, they are multiples of {digit:g} there; log them in float64, or since the "
            "beginning of the log"
        )
    said = f"{_exactly(times[row])} follows {_exactly(times[before])}"
    if times[row] == times[before]:
        said = f"the time {_exactly(times[row])} occurs twice; leave one of the rows out, if the row was logged twice"
    return f"{said}; where a segment begins there, name the column of segments"


def _exactly(value: np.generic) -> str:
    """A number in as many digits as tell it from others of its type."""
    return np.format_float_positional(value, trim="-") if isinstance(value, np.floating) else str(value)


def lacks_last_command(table: Table, columns: Columns) -> bool:
    """Whether the commands have a row less than the states."""
    rows = table.shapes[columns.qpos[0]][0]
    names = columns.action
    return bool(names) and not columns.segment and all(table.shapes[name][0] == rows - 1 for name in names)


def read_time_step(table: Table, columns: Columns) -> float | None:
    """The seconds from row to row, as the table says them; None where it does not."""
    name = columns.time_step
    if not name:
        return None
    if name in table.constants:
        return table.constants[name]
    steps = table.read(name).astype(np.float64)
    if steps.size and np.ptp(steps) <= 1e-6 * np.abs(steps).max():
        return float(steps.flat[0])
    raise FileFault(f"{table.source}: column {name!r} is the time step, which must be the same in all rows.")


def _array(table: Table, names: Sequence[str], rows: int) -> Array:
    """The columns beside one another, `(rows, numbers)`."""
    if len(names) == 1:
        array = _numbers(table, names[0], rows)
        found = array[:, None] if array.ndim == 1 else array
        array = np.array(found, np.float64, order="C")
    else:
        widths = [(table.shapes[name][1:] or (1,))[0] for name in names]
        array, place = np.empty((rows, sum(widths))), 0
        for name, width in zip(names, widths, strict=True):
            array[:, place : place + width] = _numbers(table, name, rows).reshape(rows, width)
            place += width
    _check_finite(table, array, names)
    return array


def _numbers(table: Table, name: str, rows: int) -> Array:
    column = _column(table, name, rows)
    if column.dtype.kind not in "biuf":
        raise FileFault(f"{table.source}: column {name!r} holds text; positions, velocities and actions are numbers.")
    return column


def _column(table: Table, name: str, rows: int) -> Array:
    column = table.read(name)
    if len(column) != rows:
        raise FileFault(f"{table.source}: column {name!r} has {len(column)} rows, and the positions have {rows}.")
    return column


def _check_finite(table: Table, array: Array, names: Sequence[str]) -> None:
    odd = not_finite(array)
    if odd is None:
        return
    row, place = odd
    name = repr(names[place]) if len(names) == array.shape[1] else f"{names[0]!r}, number {place}"
    value = array[row, place]
    what = "no number (NaN)" if np.isnan(value) else f"{value}"
    raise FileFault(f"{table.source} has {what} in column {name}, {table.place(row)}; correct the row or cut it out.")
