"""Logs in HDF5 files, by h5py. Groups that are numbered, such as `demo_0` and `demo_1`, are episodes."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import numpy as np

from mosim_gym.data.importers.base import Array, Importer, Table, check_file
from mosim_gym.data.importers.episodes import episodes_table
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.storage import FileFault

EXTRA = "hdf5"
_EPISODE = re.compile(r"(?:(.*)/)?([^/]*?)(\d+)/(.+)")


class Hdf5Importer(Importer):
    """Reads `.h5` and `.hdf5`. Each array of numbers with one or two axes is a column, named by its path (`observations/qpos`)."""

    suffixes: ClassVar[tuple[str, ...]] = (".h5", ".hdf5")

    def read(self, source: str) -> Table:
        """The arrays of the file `source`."""
        check_file(source)
        h5py = import_extra("h5py", EXTRA, "reading HDF5")
        shapes: dict[str, tuple[int, ...]] = {}
        constants: dict[str, float] = {}
        refused: dict[str, tuple[int, ...]] = {}

        def visit(name: str, item: Any) -> None:
            _keep_constants(item.attrs, constants)
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf":
                if len(item.shape) in (1, 2):
                    shapes[name] = tuple(item.shape)
                elif item.shape == ():
                    constants[name] = float(item[()])
                else:
                    refused[name] = tuple(item.shape)

        try:
            with h5py.File(source, "r") as file:
                _keep_constants(file.attrs, constants)
                file.visititems(visit)
        except OSError as error:
            raise FileFault(f"{source} is not a readable HDF5 file ({error}).") from error

        def read(path: str) -> Array:
            try:
                with h5py.File(source, "r") as file:
                    return np.asarray(file[path])
            except OSError as error:
                raise FileFault(f"{source} is damaged: {path} cannot be read ({error}).") from error

        episodes = _episodes(list(shapes))
        if not episodes:
            return Table(source, shapes, read, constants, refused=refused)
        names = list(episodes)
        shared = [column for column in episodes[names[0]] if all(column in columns for columns in episodes.values())]
        parts = {column: [shapes[episodes[name][column]] for name in names] for column in shared}
        return episodes_table(source, names, parts, lambda column, i: read(episodes[names[i]][column]), constants)


def _episodes(paths: list[str]) -> dict[str, dict[str, str]]:
    """For each numbered group, in the order of their numbers, its arrays: name in the group -> path. Empty where arrays are in no such."""
    found: dict[tuple[str, str, int], dict[str, str]] = {}
    for path in paths:
        parts = _EPISODE.fullmatch(path)
        if parts is None:
            continue
        found.setdefault((parts[1] or "", parts[2], int(parts[3])), {})[parts[4]] = path
    return {f"{stem}{number}": arrays for (_, stem, number), arrays in sorted(found.items(), key=lambda item: item[0])}


def _keep_constants(attributes: Any, constants: dict[str, float]) -> None:
    for name, value in attributes.items():
        if np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf":
            constants.setdefault(str(name), float(value))
