"""Datasets on disk: memory-mapped arrays of true segments beside a JSON manifest that says where they came from.

    folder/manifest.json    robot, fingerprint, recipe, seed, version, how many segments are there, how many were dropped
    folder/qpos.npy         (segments, steps + 1, nq)      float64, so that differences of neighbours stay exact
    folder/qvel.npy         (segments, steps + 1, nv)
    folder/actions.npy      (segments, steps, nu)
    folder/sensors.npy      (segments, steps, ns)

Segments are simulated chunk by chunk, chunk c from seed and c alone; the manifest is rewritten after each. A collection that was
interrupted goes on there and ends with the same bytes.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

from mosim_gym.data.collection import Collector, Segments, recipe_for
from mosim_gym.data.stream import Transitions, transitions
from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.mechanics.storage import FileFault, write_atomically
from mosim_gym.robots import load_robot
from mosim_gym.robots.catalogue import sensor_columns

Array = np.ndarray
KIND, VERSION = "mosim_gym dataset", 1
MANIFEST = "manifest.json"
CHUNK = 1000  # segments simulated at once


class Dataset:
    """True segments on disk, `len(dataset)` of them; slices are read as they are needed."""

    def __init__(self, folder: Path, manifest: dict[str, Any], arrays: Segments) -> None:
        """Use `open_dataset` or `collect_dataset`."""
        self.folder, self.manifest, self._arrays = folder, manifest, arrays

    def __len__(self) -> int:
        return int(self.manifest["segments"])

    def __getitem__(self, rows: slice | Array) -> Segments:
        """These segments, in memory."""
        return Segments(*(np.array(array[: len(self)][rows]) for array in self._arrays))

    @property
    def robot(self) -> str:
        """Whose motion it is."""
        return self.manifest["robot"]

    @property
    def transitions(self) -> int:
        """Control steps in all."""
        return len(self) * self._arrays.actions.shape[1]

    def states(self) -> tuple[Array, Array]:
        """All states, `(N, nq)` and `(N, nv)`: start states for `state_resets` and for environments."""
        qpos, qvel = self._arrays.qpos[: len(self)], self._arrays.qvel[: len(self)]
        return qpos.reshape(-1, qpos.shape[-1]), qvel.reshape(-1, qvel.shape[-1])


VALIDATION_SHARE = 0.05


class DatasetStream:
    """Chunks of a dataset's transitions in the place of fresh ones: chunk c holds segments drawn by seed and c alone.

    The last twentieth of the segments is left for validation.
    """

    def __init__(self, dataset: Dataset, *, seed: int, segments: int, first: int = 0) -> None:
        """`segments` a chunk, or as many as there are."""
        self._dataset, self._seed, self._next = dataset, seed, first
        self._available = max(1, int(len(dataset) * (1 - VALIDATION_SHARE)))
        self._segments = min(segments, self._available)

    def __next__(self) -> Transitions:
        """The next chunk."""
        rng = np.random.default_rng([self._seed, self._next])
        self._next += 1
        rows = np.sort(rng.choice(self._available, self._segments, replace=False))
        return transitions(self._dataset.robot, self._dataset[rows])

    def validation(self) -> Transitions:
        """The segments that no chunk has."""
        start = min(self._available, len(self._dataset) - 1)
        return transitions(self._dataset.robot, self._dataset[start:])

    def close(self) -> None:
        """Nothing to end."""


def _shapes(robot: str, segments: int, steps: int) -> dict[str, tuple[int, ...]]:
    r = load_robot(robot)
    return {
        "qpos": (segments, steps + 1, r.nq),
        "qvel": (segments, steps + 1, r.nv),
        "actions": (segments, steps, r.nu),
        "sensors": (segments, steps, len(sensor_columns(robot))),
    }


def collect_dataset(
    robot: str,
    folder: str | Path,
    *,
    segments: int,
    recipe: str = "coverage",
    seed: int = 0,
    report: Callable[[int], None] = lambda _: None,
) -> Dataset:
    """Simulate `segments` stable segments of `robot` into `folder`, or the rest of them where a part is there already.

    `report` is called with the number of segments that are safe on disk. A folder with another collection in it is left as it is.
    """
    folder = Path(folder)
    chosen = recipe_for(robot, recipe)
    wanted = {
        "kind": KIND,
        "version": VERSION,
        "robot": robot,
        "fingerprint": load_robot(robot).fingerprint,
        "recipe": {"name": recipe, **asdict(chosen)},
        "steps": chosen.steps,
        "seed": seed,
        "planned": segments,
    }
    wanted = json.loads(json.dumps(wanted))  # as it will be read again
    check_at_least(1, segments=segments)
    check_at_least(0, seed=seed)
    path = folder / MANIFEST
    manifest = {**wanted, "segments": 0, "dropped": 0, "next_chunk": 0}
    if path.exists():
        manifest = _read_manifest(folder)
        odd = next((key for key, value in wanted.items() if manifest.get(key) != value), None)
        if odd is not None:
            raise FileFault(
                f"{folder} holds another dataset ({odd} is {manifest.get(odd)!r} there, {wanted[odd]!r} here); choose another folder."
            )
    else:
        foreign = next((name for name in Segments._fields if (folder / f"{name}.npy").exists()), None)
        if foreign is not None:
            raise FileFault(f"{folder} holds {foreign}.npy of no dataset, which would be lost; choose another folder.")
        write_atomically(path, json.dumps(manifest, indent=1) + "\n")
    if manifest["segments"]:
        arrays = _map(folder, manifest, mode="r+")
    else:
        arrays = _create(folder, _shapes(robot, segments, chosen.steps))
    collector = Collector(robot, recipe)
    while (done := manifest["segments"]) < segments:
        before = collector.dropped
        fresh = collector.collect(np.random.default_rng([seed, manifest["next_chunk"]]), CHUNK)
        count = min(len(fresh.qpos), segments - done)
        for array, values in zip(arrays, fresh, strict=True):
            array[done : done + count] = values[:count]
            if isinstance(array, np.memmap):
                array.flush()
        manifest["segments"] += count
        manifest["dropped"] += collector.dropped - before
        manifest["next_chunk"] += 1
        write_atomically(path, json.dumps(manifest, indent=1) + "\n")
        report(manifest["segments"])
    return Dataset(folder, manifest, arrays)


def open_dataset(folder: str | Path, *, robot: str | None = None) -> Dataset:
    """The dataset in `folder`; what is missing, damaged, foreign or not finite is refused in one sentence.

    `robot` is whose motion it must be.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    if robot is not None and manifest["robot"] != robot:
        raise FileFault(f"{folder} holds the motion of {manifest['robot']!r}, not of {robot!r}.")
    fingerprint = load_robot(manifest["robot"]).fingerprint
    if manifest["fingerprint"] != fingerprint:
        raise FileFault(
            f"{folder} was collected from a {manifest['robot']!r} with fingerprint {manifest['fingerprint']}; this one has {fingerprint}: "
            "collect it again."
        )
    dataset = Dataset(folder, manifest, _map(folder, manifest, mode="r"))
    if not len(dataset):
        raise FileFault(f"{folder} holds no segments yet: its collection was interrupted; run it again.")
    for name, array in zip(Segments._fields, dataset._arrays, strict=True):
        for start in range(0, len(dataset), CHUNK):
            rows = array[start : min(start + CHUNK, len(dataset))]
            if not np.isfinite(rows).all():
                row = start + int(np.flatnonzero(~np.isfinite(rows).all(axis=(1, 2)))[0])
                raise FileFault(f"{folder / name}.npy is not finite in segment {row}; collect the dataset again.")
    return dataset


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise FileFault(f"There is no dataset in {folder}: it has no {MANIFEST}.")
    try:
        manifest = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FileFault(f"{path} is damaged: it is not readable JSON ({error}).") from error
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise FileFault(f"{path} is not the manifest of a mosim_gym dataset.")
    if manifest.get("version") != VERSION:
        raise FileFault(f"{path} has format {manifest.get('version')}; this version of mosim_gym reads {VERSION}.")
    return manifest


def _map(folder: Path, manifest: dict[str, Any], mode: str) -> Segments:
    arrays = {}
    for name, shape in _shapes(manifest["robot"], manifest["planned"], manifest["steps"]).items():
        path = folder / f"{name}.npy"
        try:
            arrays[name] = (
                open_memmap(path, mode=mode) if 0 not in shape else np.load(path, allow_pickle=False)  # type: ignore[arg-type]
            )
        except (OSError, ValueError) as error:
            raise FileFault(f"{path} is missing or damaged ({error}).") from error
        if arrays[name].shape != shape or arrays[name].dtype != np.float64:
            raise FileFault(
                f"{path} is damaged: it holds {arrays[name].dtype} {arrays[name].shape}, not float64 {shape}."
            )
    return Segments(**arrays)


def _create(folder: Path, shapes: dict[str, tuple[int, ...]]) -> Segments:
    """Fresh arrays, their space on disk claimed at once, so that a full disk is noticed before anything is simulated."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for name, shape in shapes.items():
        path = folder / f"{name}.npy"
        try:
            if 0 in shape:
                np.save(path, np.zeros(shape))
                arrays[name] = np.load(path)
            else:
                arrays[name] = open_memmap(path, mode="w+", dtype=np.float64, shape=shape)
                _claim(path)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                for made in (MANIFEST, *(f"{name}.npy" for name in shapes)):
                    (folder / made).unlink(missing_ok=True)
                size = 8 * sum(int(np.prod(s)) for s in shapes.values()) / 1e6
                raise OSError(
                    error.errno, f"The disk is too full for this dataset: {folder} needs {size:.0f} MB."
                ) from error
            raise
    return Segments(**arrays)


def _claim(path: Path) -> None:
    import os

    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
