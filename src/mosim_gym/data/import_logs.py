"""`import_logs`: logged motion of any robot, from files of several formats, as `Logs` at the robot's control step."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from mosim_gym.data.column_file import given_columns
from mosim_gym.data.columns import Columns, Given, find_columns
from mosim_gym.data.importers.base import Table, as_part_of, readers
from mosim_gym.data.importers.episodes import with_slices
from mosim_gym.data.log_commands import clipping
from mosim_gym.data.log_files import check_own_folder, holds_logs, open_logs
from mosim_gym.data.log_findings import LogsNote
from mosim_gym.data.log_motion import Options, Velocity, logged_step, table_motion
from mosim_gym.data.log_quality import units
from mosim_gym.data.log_rate import FileRate, check_unit_of, interpolated
from mosim_gym.data.log_times import TimeUnit
from mosim_gym.data.log_units import Degrees, Quaternions
from mosim_gym.data.logs import Logs, joined
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.robot_file import at_timestep
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots.opening import as_robot, names_file

Source = str | PathLike[str]
MOST_NOTES = 20


def import_logs(
    source: Source | Sequence[Source],
    robot: Robot | Source,
    columns: Given | Source | None = None,
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
    """The motion in logs, at the control step of `robot`.

    Args:
        source: A file, a folder of files, a pattern such as `logs/*.csv`, `minari:<id>`, `lerobot:<folder>`, or several of these. A folder
            that an earlier import saved is opened as it is.
        robot: Whose motion it is: a `Robot`, the name of a packaged one, or the path of an MJCF or URDF file. A path stands for the robot
            at the rate of the log, `Robot.from_file(path)` for the robot at the file's physics step.
        columns: From our names (`qpos`, `qvel`, `action`, `segment`, `time`, `time_step`) to the log's. An array is one column, or one for
            each joint, speed or actuator; `observations[0:7]` is a part of an array. What is left out is guessed from names. The path of
            a TOML file that holds such a mapping will do, too.
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

    A segment ends where the file or the column `segment` says so, and where time jumps by more than one and a half steps. A `LogsNote`
    warns of units and velocities that look wrong, of commands beyond the range of an actuator, which training clips, and of rows that are
    much further apart than the robot's control steps.
    """
    options = Options(time_step, time_unit, degrees, quaternions, velocity, window)
    if out is not None:
        check_own_folder(Path(out))
    given = given_columns(columns) | ({} if segment is None else {"segment": segment})
    places = list(_places(source))
    saved = [Path(place) for place in places if holds_logs(Path(place))]
    if saved:
        if len(saved) < len(places) or given or options != Options():
            raise FileFault(
                f"{saved[0]} holds logs that are imported already; give such folders alone, without columns and units, or import the files "
                "again."
            )
        logs = joined([_opened(place, robot) for place in saved])
    else:
        logs = _of_files(places, robot, given, options, report)
    if out is not None:
        logs.save(Path(out))
    return logs


def _opened(folder: Path, robot: object) -> Logs:
    """Logs that are imported already, of `robot`."""
    logs = open_logs(folder)
    return open_logs(folder, robot=as_robot(robot, logs.control_step))


def _of_files(
    places: Sequence[str], robot: object, given: Given, options: Options, report: Callable[[str], None]
) -> Logs:
    """The logs in files."""
    model, measured = as_robot(robot), names_file(robot)
    first: tuple[Table, Columns] | None = None
    parts: list[Logs] = []
    files: list[FileRate] = []
    guessed: list[str] = []
    for place, (name, importer) in ((one, reader) for one in places for reader in readers(one)):
        with as_part_of(place, name):
            table = with_slices(importer.read(name), _names(given))
            if first is None:
                found = find_columns(table, model, given, velocities=options.velocity in (None, "given"))
                first = table, found
                guessed = [f"Guessed {guess}." for guess in found.guessed]
                if measured:
                    model = at_timestep(model, logged_step(table, found, options))
                    guessed.append(f"The control step is that of the log, {model.control_step:.6g} s.")
                for note in guessed:
                    report(note)
            _check_alike(table, *first)
            part = table_motion(table, first[1], model, options)
        for note in part.notes:
            if not any(note in earlier.notes for earlier in parts):
                report(note)
        parts.append(part)
        files.append(FileRate(table.source, part.logged_step or model.control_step, len(part.qpos)))
    logs = joined(parts)
    _warn(logs, files, options, measured)
    kept, left = logs.notes[:MOST_NOTES], len(logs.notes) - MOST_NOTES
    more = [f"{left} more notes on other files were left out."] if left > 0 else []
    return replace(logs, notes=(*guessed, *kept, *more))


def _warn(logs: Logs, files: Sequence[FileRate], options: Options, measured: bool) -> None:
    """Warn of what looks wrong in logs of these files; `measured` says whether the control step was taken from them."""
    odd = units(logs, options.degrees in (True, "qpos"))
    for said in (
        f"In these logs {odd.found}. {odd.advice}" if odd.advice else None,
        clipping(logs.robot, logs),
        check_unit_of(logs.control_step) if measured else None,
        interpolated(logs.robot, files),
    ):
        if said is not None:
            warnings.warn(said, LogsNote, stacklevel=5)


def _places(source: object) -> Iterator[str]:
    """The names of what is read."""
    if isinstance(source, str | PathLike):
        name = os.path.expanduser(os.fsdecode(source))
        if not glob.has_magic(name) or Path(name).exists():
            yield name
            return
        paths = sorted(glob.glob(name, recursive=True))
        if not paths:
            raise FileFault(f"No file matches {name}.")
        yield from paths
    elif isinstance(source, Iterable):
        several = list(source)
        if not several:
            raise FileFault("The list of logs is empty; name at least one.")
        for one in several:
            yield from _places(one)
    else:
        raise TypeError(f"source is {source!r}; it must be a path, a pattern, or a list of these.")


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
