"""Logs in `.npz` files of numpy: named arrays. Nothing in a file is run."""

from __future__ import annotations

import zipfile
import zlib
from typing import ClassVar

import numpy as np

from mosim_gym.data.importers.base import Array, Importer, Table, check_file
from mosim_gym.mechanics.storage import FileFault

_FAULTS = (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError)


class NpzImporter(Importer):
    """Reads `.npz`. Each array of numbers with one or two axes is a column, and each single number a constant."""

    suffixes: ClassVar[tuple[str, ...]] = (".npz",)

    def read(self, source: str) -> Table:
        """The arrays of the file `source`. An array's numbers are read when they are needed."""
        check_file(source)
        shapes: dict[str, tuple[int, ...]] = {}
        constants: dict[str, float] = {}
        refused: dict[str, tuple[int, ...]] = {}
        try:
            with zipfile.ZipFile(source) as archive:
                for member in archive.namelist():
                    name = member.removesuffix(".npy")
                    shape, kind = _header(archive, member)
                    if kind.kind in "biuf" and shape in ((), (1,)):
                        constants[name] = float(_array(archive, member).reshape(()))
                    elif kind.kind in "biufUS" and len(shape) in (1, 2):
                        shapes[name] = shape
                    elif kind.kind in "biuf":
                        refused[name] = shape
        except _FAULTS as error:
            raise _damaged(source, error) from error

        def column(name: str) -> Array:
            try:
                with zipfile.ZipFile(source) as archive:
                    return _array(archive, f"{name}.npy")
            except _FAULTS as error:
                raise _damaged(source, error) from error

        return Table(source, shapes, column, constants, refused=refused)


def _header(archive: zipfile.ZipFile, member: str) -> tuple[tuple[int, ...], np.dtype]:
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = read(file)
    return shape, kind


def _array(archive: zipfile.ZipFile, member: str) -> Array:
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _damaged(source: str, error: Exception) -> FileFault:
    if "pickle" in str(error):
        return FileFault(f"{source} holds objects of Python (pickles), which are never read ({error}).")
    return FileFault(
        f"{source} is not a readable .npz file: it is damaged or cut off ({error}); copy or write it again."
    )
