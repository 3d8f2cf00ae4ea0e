"""Logs on disk.

    folder/manifest.json              robot, control step, segments, their sources, checksums, and the name of the folder of arrays
    folder/<arrays>/qpos.npy          and qvel.npy, actions.npy: float64
    folder/<arrays>/robot.safetensors the robot's description, so that the logs can be opened without it

Saving writes a new folder of arrays, and then replaces the manifest in one step. So an interruption leaves the old logs or the new ones.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from os import PathLike
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from mosim_gym.data.arrays import array_path, map_array, not_finite
from mosim_gym.data.logs import Logs
from mosim_gym.data.manifest import read_content, seal_of
from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.schema import checked, each, number, one_of, record, text, whole
from mosim_gym.mechanics.seal import digest
from mosim_gym.mechanics.storage import FileFault, check_folder, write_atomically

KIND, VERSION = "mosim_gym logs", 1
MANIFEST, ROBOT, ARRAYS = "manifest.json", "robot.safetensors", "arrays-"
NAMES = ("qpos", "qvel", "actions")
_SHA256 = text(r"[0-9a-f]{64}", "a SHA-256")


class LogsRecord(TypedDict):
    """The manifest of logs."""

    kind: str
    version: int
    robot: str
    fingerprint: str
    control_step: float
    lengths: list[int]
    sources: list[str]
    notes: list[str]
    logged_step: NotRequired[float]
    arrays: str
    qpos: str
    qvel: str
    actions: str
    seal: str


_RULE = record(
    {
        "kind": one_of(KIND),
        "version": one_of(VERSION),
        "robot": text(),
        "fingerprint": text(),
        "control_step": number(1e-9, 1e3),
        "lengths": each(whole(1), shortest=1, longest=100_000_000),
        "sources": each(text(), shortest=1, longest=100_000_000),
        "notes": each(text()),
        "arrays": text(r"arrays-\w+", "the name of a folder of arrays"),
        "qpos": _SHA256,
        "qvel": _SHA256,
        "actions": _SHA256,
        "seal": _SHA256,
    },
    {"logged_step": number(1e-9, 1e3)},
    others=False,
)


def holds_logs(folder: Path) -> bool:
    """Whether `folder` holds saved logs. They may be damaged."""
    try:
        content: JSON = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("kind") == KIND


def save_logs(logs: Logs, folder: Path) -> Path:
    """Write `logs` to `folder` (see the module's docstring). A folder that holds anything but logs is not changed."""
    check_own_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = Path(tempfile.mkdtemp(dir=folder, prefix=ARRAYS))
    try:
        arrays.chmod(0o755)
        for name in NAMES:
            _write(array_path(arrays, name), getattr(logs, name))
        logs.robot.save(arrays / ROBOT)
        content = {
            "kind": KIND,
            "version": VERSION,
            "robot": logs.robot.name,
            "fingerprint": logs.robot.fingerprint,
            "control_step": logs.control_step,
            "lengths": logs.lengths.tolist(),
            "sources": list(logs.sources),
            "notes": list(logs.notes),
            **({} if logs.logged_step is None else {"logged_step": logs.logged_step}),
            "arrays": arrays.name,
            **{name: digest({name: getattr(logs, name)}) for name in NAMES},
        }
        write_atomically(folder / MANIFEST, json.dumps({**content, "seal": seal_of(content)}, indent=1) + "\n")
    except BaseException:
        shutil.rmtree(arrays)
        raise
    for other in folder.glob(f"{ARRAYS}*"):
        if other != arrays:
            shutil.rmtree(other)
    return folder


def check_own_folder(folder: Path) -> None:
    """Raise `ValueError` if logs cannot be saved in `folder`, which may hold nothing but logs."""
    check_folder(folder)
    if folder.is_dir() and not holds_logs(folder):
        others = [path.name for path in folder.iterdir() if not path.name.startswith((ARRAYS, f".{MANIFEST}."))]
        if others:
            raise FileFault(f"{folder} holds {sorted(others)[0]}, which is not a part of logs; choose another folder.")


def open_logs(folder: str | Path, *, robot: Robot | None = None) -> Logs:
    """The logs in `folder`, memory-mapped. Raises `FileFault` for logs that are missing, damaged, not finite, or of another robot.

    Without `robot` they belong to the robot that they were imported for. A `robot` whose masses or shapes differ from that one's may be
    given; its joints, actuators and control step must be the same. All numbers are read once and compared with their checksums.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    arrays = folder / manifest["arrays"]
    imported_for = Robot.load(arrays / ROBOT)
    robot = imported_for if robot is None else robot
    check_same_robot(folder, imported_for, robot)
    starts = np.cumsum([0, *(length + 1 for length in manifest["lengths"])])
    found = {}
    for name, width in zip(NAMES, (robot.nq, robot.nv, robot.nu), strict=True):
        path = array_path(arrays, name)
        array = found[name] = map_array(path, (int(starts[-1]), width))
        odd = not_finite(array)
        if odd is not None:
            raise FileFault(f"{path} is not finite in row {odd[0]}; import the logs again.")
        if digest({name: array}) != manifest[name]:
            raise FileFault(f"{path} is damaged: its numbers do not match their checksum; import the logs again.")
    sources, notes = tuple(manifest["sources"]), tuple(manifest["notes"])
    return Logs(robot, **found, starts=starts, sources=sources, notes=notes, logged_step=manifest.get("logged_step"))


def opened_logs(data: object, what: str = "data") -> Logs:
    """`data` if they are logs, or the logs in the folder that `data` names."""
    if isinstance(data, str | PathLike):
        folder = Path(os.fsdecode(data))
        if not holds_logs(folder):
            raise FileFault(f"{what} is {folder}, which holds no imported logs; import them by mosim_gym.import_logs.")
        return open_logs(folder)
    if not isinstance(data, Logs):
        raise TypeError(
            f"{what} is a {type(data).__name__}; it must be Logs, as mosim_gym.import_logs returns, or the folder where they were saved."
        )
    return data


def check_same_robot(where: Path | str, theirs: Robot, ours: Robot) -> None:
    """Raise `FileFault` if motion of one robot, which is in `where`, cannot be motion of the other."""
    for what in ("joints", "actuators"):
        there, here = getattr(theirs, what).names, getattr(ours, what).names
        if there != here or (what == "joints" and not np.array_equal(theirs.joints.type, ours.joints.type)):
            raise FileFault(
                f"{where} holds the motion of {theirs.name!r} with the {what} {', '.join(there)}, not of {ours.name!r} with the {what} "
                f"{', '.join(here)}."
            )
    if abs(theirs.control_step / ours.control_step - 1) > 1e-6:
        raise FileFault(
            f"{where} has rows every {theirs.control_step:g} s, {ours.name!r} steps every {ours.control_step:g} s; import "
            "the logs again."
        )


def _read_manifest(folder: Path) -> LogsRecord:
    path = folder / MANIFEST
    content = read_content(
        path,
        KIND,
        absent=f"There are no logs in {folder}: it has no {MANIFEST}.",
        foreign=f"{path} is not the manifest of logs; `mosim-gym import` writes logs.",
    )
    manifest = checked(path, "content", content, _RULE, LogsRecord)
    if manifest["seal"] != seal_of(content):
        raise FileFault(f"{path} is damaged: its content does not match its seal; import the logs again.")
    if len(manifest["sources"]) != len(manifest["lengths"]):
        raise FileFault(f"{path} is damaged: it has {len(manifest['lengths'])} lengths and another number of sources.")
    return manifest


def _write(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array, "<f8"), version=(1, 0), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
