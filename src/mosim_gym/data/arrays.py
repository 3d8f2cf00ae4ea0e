"""The arrays of a dataset on disk. Their space is claimed when they are made, they are checked before they are mapped, and have checksums.

A file's header is parsed and never evaluated. The file's size must be exactly what its shape implies, because mapping a shorter file for
writing would fill it up with zeros.
"""

from __future__ import annotations

import errno
import math
import os
import re
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import numpy as np

from mosim_gym.data.collection import Segments
from mosim_gym.mechanics.seal import digest
from mosim_gym.mechanics.storage import FileFault

Array = np.ndarray
Shapes = Mapping[str, tuple[int, ...]]
KIND = np.dtype("<f8")
BLOCK = 1000  # segments looked at once
ROWS = 100_000  # rows looked at once
MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(rb"\{'descr': '([ -&(-~]*)', 'fortran_order': (True|False), 'shape': \(([0-9, ]*)\), \} *\n")


class ChunkRecord(TypedDict):
    """How many segments a chunk has, and of each array the SHA-256 of its part."""

    segments: int
    qpos: str
    qvel: str
    actions: str
    sensors: str


def array_path(folder: Path, name: str) -> Path:
    """The path of the array `name` of the dataset in `folder`."""
    return folder / f"{name}.npy"


def map_arrays(folder: Path, shapes: Shapes, *, writable: bool = False) -> Segments:
    """The arrays in `folder`, memory-mapped. Raises `FileFault` for a file that is not a float64 array of its shape."""
    return Segments(
        **{name: map_array(array_path(folder, name), shape, writable=writable) for name, shape in shapes.items()}
    )


def map_array(path: Path, shape: tuple[int, ...], *, writable: bool = False) -> Array:
    """The float64 array of `shape` in the file `path`, memory-mapped. Raises `FileFault` for a file that holds anything else."""
    place = _data_offset(path, shape)
    return np.zeros(shape) if 0 in shape else np.memmap(path, KIND, "r+" if writable else "r", place, shape)


def check_own_arrays(folder: Path, shapes: Shapes, *, begun: bool) -> None:
    """Raise `FileFault` if a new array would replace something: a file, unless a collection has `begun` here, or anything else."""
    for name in shapes:
        path = array_path(folder, name)
        if path.is_symlink() or (path.exists() and not (begun and path.is_file())):
            raise FileFault(
                f"{folder} holds {name}.npy, which belongs to no dataset and would be lost; choose another folder."
            )


def check_space(folder: Path, shapes: Shapes) -> None:
    """Raise `OSError` if the disk has no room for these arrays in `folder`."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if _size(shapes) > shutil.disk_usage(there).free + sum(_there(array_path(folder, name)) for name in shapes):
        raise _too_full(folder, shapes, errno.ENOSPC)


def create_arrays(folder: Path, shapes: Shapes) -> Segments:
    """New arrays in `folder`, mapped. Their space on disk is claimed at once, so that a full disk shows before anything is simulated.

    If that fails, no array is left behind.
    """
    try:
        for name, shape in shapes.items():
            _claim(array_path(folder, name), shape)
    except OSError as error:
        for name in shapes:
            array_path(folder, name).unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _too_full(folder, shapes, error.errno) from error
        raise
    return map_arrays(folder, shapes, writable=True)


def checksums(arrays: Segments, first: int, last: int) -> ChunkRecord:
    """The number of `segments` from `first` to before `last`, and the SHA-256 of each array's part of them."""

    def part(name: str, array: Array) -> str:
        return digest({name: array[first:last]})

    return {
        "segments": last - first,
        "qpos": part("qpos", arrays.qpos),
        "qvel": part("qvel", arrays.qvel),
        "actions": part("actions", arrays.actions),
        "sensors": part("sensors", arrays.sensors),
    }


def check_finite(folder: Path, arrays: Segments, first: int, last: int) -> None:
    """Raise `FileFault` if a segment from `first` to before `last` has numbers that are not finite."""
    for name, array in arrays._asdict().items():
        for start in range(first, last, BLOCK):
            finite = np.isfinite(array[start : min(start + BLOCK, last)]).all(axis=(1, 2))
            if not finite.all():
                row = start + int(np.flatnonzero(~finite)[0])
                raise FileFault(
                    f"{array_path(folder, name)} is not finite in segment {row}; collect the dataset again."
                )


def not_finite(array: Array) -> tuple[int, int] | None:
    """Row and column of the first number of `array (rows, columns)` that is not finite; None where all are finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()):
            return None
    for start in range(0, len(array), ROWS):
        odd = np.argwhere(~np.isfinite(array[start : start + ROWS]))
        if len(odd):
            return start + int(odd[0, 0]), int(odd[0, 1])
    return None  # finite numbers whose sum is too large


def _too_full(folder: Path, shapes: Shapes, number: int) -> OSError:
    return OSError(number, f"The disk is too full for this dataset: {folder} needs {_size(shapes) / 1e6:,.0f} MB.")


def _size(shapes: Shapes) -> int:
    """The size of all numbers, in bytes."""
    return KIND.itemsize * sum(math.prod(shape) for shape in shapes.values())


def _there(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _data_offset(path: Path, shape: tuple[int, ...]) -> int:
    """The place of the first number in a file that must hold a float64 array of `shape` and nothing else."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileFault(f"{path} is damaged: it is not a file.")
        with path.open("rb") as file:
            start = file.read(len(MAGIC) + 2)
            length = int.from_bytes(start[len(MAGIC) :], "little")
            text = file.read(length)
    except OSError as error:
        raise FileFault(f"{path} is missing or damaged ({error.strerror}).") from error
    header = _HEADER.fullmatch(text)
    if not start.startswith(MAGIC) or len(text) != length or header is None:
        raise FileFault(f"{path} is missing or damaged: it is not an array of numpy.")
    kind, fortran, sizes = (part.decode() for part in header.groups())
    wanted = repr(shape).strip("()")
    if (kind, fortran, sizes) != (KIND.str, "False", wanted):
        raise FileFault(f"{path} is damaged: it holds {kind[:20]} ({sizes[:60]}), not {KIND.str} ({wanted}).")
    offset = len(MAGIC) + 2 + length
    size = offset + KIND.itemsize * math.prod(shape)
    if found.st_size != size:
        raise FileFault(f"{path} is damaged: it has {found.st_size} bytes, and {wanted} numbers need {size}.")
    return offset


def _claim(path: Path, shape: tuple[int, ...]) -> None:
    """Write a file that holds an array of `shape`, all zero."""
    with path.open("wb") as file:
        header = {"descr": KIND.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        size = file.tell() + KIND.itemsize * math.prod(shape)
        file.truncate(size)
        file.flush()
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
