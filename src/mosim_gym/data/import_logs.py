"""`import_logs`: logged motion of any robot, from files of several formats, as `Logs` at the robot's control step."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from mosim_gym.data.columns import Columns, Given, find_columns
from mosim_gym.data.importers.base import Importer, Table, readers
from mosim_gym.data.importers.episodes import with_slices
from mosim_gym.data.log_files import check_own_folder
from mosim_gym.data.log_motion import Options, TimeUnit, Velocity, table_motion
from mosim_gym.data.log_units import Degrees, Quaternions
from mosim_gym.data.logs import Logs, joined
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots.opening import open_robot

Source = str | PathLike[str]
MOST_NOTES = 20


def import_logs(
    source: Source | Sequence[Source],
    robot: Robot | str,
    columns: Given | None = None,
    *,
    segment: str | None = None,
    time_step: float | None = None,
    time_unit: TimeUnit = "s",
    degrees: Degrees = False,
    quaternions: Quaternions = "wxyz",
    velocity: Velocity | None = None,
    window: int | None = None,
    out: Source | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Logs:
    """The motion in logs, at the control step of `robot`: a `Robot`, or the name of a packaged one.

    Args:
        source: A file, a folder of files, a pattern such as `logs/*.csv`, `minari:<id>`, `lerobot:<folder>`, or several of these.
        robot: Whose motion it is.
        columns: From our names (`qpos`, `qvel`, `action`, `segment`, `time`, `time_step`) to the log's. An array is one column, or one for
            each joint, speed or actuator; `observations[0:7]` is a part of an array. What is left out is guessed from names.
        segment: The column that tells segments apart; the same as `columns={"segment": …}`.
        time_step: The seconds from one row to the next, where the log does not say it.
        time_unit: That of the times in the log. `time_step` is in seconds always.
        degrees: Whether angles and angular speeds are in degrees; `"qpos"` or `"qvel"` where only those are.
        quaternions: The order of their numbers in the log.
        velocity: `"given"` takes the velocities of the log, `"savgol"` estimates them by cubic polynomials through the rows around,
            `"causal"` from the row before. By default they are taken, and estimated by `"savgol"` where the log has none.
        window: The rows of a polynomial, an odd number; by default those of 30 ms, and at least 5.
        out: A folder in which the logs are saved.
        report: Is called with what was guessed and what was changed, a sentence at a time. `logs.notes` has the same sentences.

    A segment ends where the file or the column `segment` says so, and where time jumps by more than one and a half steps.
    """
    options = Options(time_step, time_unit, degrees, quaternions, velocity, window)
    robot = open_robot(robot) if isinstance(robot, str) else robot
    if out is not None:
        check_own_folder(Path(out))
    given = {**(columns or {}), **({} if segment is None else {"segment": segment})}
    first: tuple[Table, Columns] | None = None
    parts: list[Logs] = []
    guessed: list[str] = []
    for place, importer in _all_readers(source):
        table = with_slices(importer.read(place), _names(given))
        if first is None:
            found = find_columns(table, robot, given, velocities=velocity in (None, "given"))
            first = table, found
            guessed = [f"Guessed {guess}." for guess in found.guessed]
            for note in guessed:
                report(note)
        _check_alike(table, *first)
        part = table_motion(table, first[1], robot, options)
        for note in part.notes:
            if not any(note in earlier.notes for earlier in parts):
                report(note)
        parts.append(part)
    logs = joined(parts)
    kept, left = logs.notes[:MOST_NOTES], len(logs.notes) - MOST_NOTES
    more = [f"{left} more notes on other files were left out."] if left > 0 else []
    logs = replace(logs, notes=(*guessed, *kept, *more))
    if out is not None:
        logs.save(Path(out))
    return logs


def _all_readers(source: Source | Sequence[Source]) -> list[tuple[str, Importer]]:
    """What is read, and by which importer."""
    if not isinstance(source, str | PathLike):
        found = [reader for one in source for reader in _all_readers(one)]
        if not found:
            raise FileFault("The list of logs is empty; name at least one.")
        return found
    name = os.path.expanduser(os.fspath(source))
    if glob.has_magic(name) and not Path(name).exists():
        paths = sorted(glob.glob(name, recursive=True))
        if not paths:
            raise FileFault(f"No file matches {name}.")
        return [reader for path in paths for reader in readers(path)]
    return readers(name)


def _names(given: Given) -> list[str]:
    """All names of columns in a mapping."""
    return [name for theirs in given.values() for name in ([theirs] if isinstance(theirs, str) else theirs)]


def _check_alike(table: Table, first: Table, columns: Columns) -> None:
    """Raise `FileFault` if `table` has other columns than the first one."""
    single = [name for name in (columns.segment, columns.time) if name]
    for name in (*columns.qpos, *columns.qvel, *columns.action, *single):
        there = table.shapes.get(name)
        if there is None or there[1:] != first.shapes[name][1:]:
            what = "has none" if there is None else f"has {(there[1:] or (1,))[0]} numbers in each row of it"
            raise FileFault(
                f"{first.source} has a column {name!r}, and {table.source} {what}: they look like two robots; import each by itself."
            )
