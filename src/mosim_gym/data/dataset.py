"""Datasets on disk: memory-mapped arrays of true segments beside a JSON manifest with their origin.

    folder/manifest.json    robot, recipe, seed, number of segments, and checksums (`data/manifest.py`)
    folder/qpos.npy         (segments, steps + 1, nq)      float64, so that differences of neighbours stay exact
    folder/qvel.npy         (segments, steps + 1, nv)
    folder/actions.npy      (segments, steps, nu)
    folder/sensors.npy      (segments, steps, ns)

Segments are simulated chunk by chunk, chunk c from seed and c alone. After each chunk the manifest is rewritten with its SHA-256. A
collection that was interrupted continues with the next chunk and ends with the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from mosim_gym.data.arrays import check_finite, check_own_arrays, check_space, checksums, create_arrays, map_arrays
from mosim_gym.data.chunks import CHUNK, drawn_chunk, simulated_chunk
from mosim_gym.data.collection import Segments, SegmentSource, recipe_for
from mosim_gym.data.dataset_content import array_shapes, check_content, mapped_arrays, sealed
from mosim_gym.data.manifest import KIND, MANIFEST, UNSEALED, VERSION, Manifest, read_manifest, write_manifest
from mosim_gym.mechanics.executor import HERE, Executor
from mosim_gym.mechanics.folder_lock import FolderLock
from mosim_gym.mechanics.narrowing import is_mapping
from mosim_gym.mechanics.numbers import check_seed, positive_number
from mosim_gym.mechanics.settings import said_difference
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot

Array = np.ndarray
DESCRIBING = ("kind", "robot", "fingerprint", "recipe", "steps", "seed", "planned")
"""What of a manifest says which collection it is of."""


class Dataset:
    """True segments on disk, `len(dataset)` of them. Slices are read when they are needed."""

    def __init__(self, folder: Path, manifest: Manifest, arrays: Segments) -> None:
        """Use `open_dataset` or `collect_dataset`."""
        self.folder, self.manifest, self._arrays = folder, manifest, arrays

    def __len__(self) -> int:
        return int(self.manifest["segments"])

    def __getitem__(self, rows: slice | Array) -> Segments:
        """The segments `rows`, in memory."""
        return Segments(*(np.array(array[: len(self)][rows]) for array in self._arrays))

    @property
    def robot(self) -> str:
        """The robot's name."""
        return self.manifest["robot"]

    @property
    def transitions(self) -> int:
        """The number of control steps in all segments."""
        return len(self) * self.steps

    @property
    def steps(self) -> int:
        """The number of control steps in each segment."""
        return int(self.manifest["steps"])

    def blocks(self) -> Iterator[Segments]:
        """All segments in order, in blocks of up to 1,000."""
        for first in range(0, len(self), CHUNK):
            yield self[first : first + CHUNK]

    def states(self) -> tuple[Array, Array]:
        """All states, `(N, nq)` and `(N, nv)`: start states for `state_resets` and for environments."""
        qpos, qvel = self._arrays.qpos[: len(self)], self._arrays.qvel[: len(self)]
        return qpos.reshape(-1, qpos.shape[-1]), qvel.reshape(-1, qvel.shape[-1])


def collect_dataset(
    robot: str,
    folder: str | Path,
    *,
    segments: int,
    recipe: str = "coverage",
    seed: int = 0,
    collector: SegmentSource | None = None,
    report: Callable[[int], None] = lambda _: None,
    workers: Executor = HERE,
) -> Dataset:
    """Simulate `segments` stable segments of `robot` into `folder`, or the rest of them if it holds a part already.

    `report` is called with the number of segments that are safe on disk. Segments that are on disk are first compared with their checksums.
    A `collector` takes the place of that of the recipe; `recipe` is then only the name in the manifest.
    A folder with another collection is not changed. If the disk is too small for this one, nothing is left behind. One process at a time
    collects into a folder; a second one gets a `FileFault`.

    `workers` simulate the chunks, with copies of the collector. Whoever they are, the bytes are the same.
    """
    folder = Path(folder)
    chosen = recipe_for(robot, recipe) if collector is None else collector.recipe
    segments = positive_number(segments, "segments")
    check_seed(seed)
    wanted: Manifest = {
        "kind": KIND,
        "version": VERSION,
        "robot": robot,
        "fingerprint": load_robot(robot).fingerprint,
        "recipe": json.loads(json.dumps({"name": recipe, **asdict(chosen)})),  # as it will be read again
        "steps": chosen.steps,
        "seed": seed,
        "planned": segments,
        "segments": 0,
        "dropped": 0,
        "next_chunk": 0,
        "chunks": [],
    }
    shapes = array_shapes(robot, segments, chosen.steps)
    there = _manifest_in(folder)
    if there is None:
        check_space(folder, shapes)  # before the lock makes the folder's parents
    if there is None or there["segments"] < there["planned"]:
        place = folder.resolve()
        _alone = FolderLock(place.parent, place.name)
        there = _manifest_in(folder)  # another process may have gone on until now
    if there is not None and there["segments"]:
        _check_same(folder, there, wanted)
        arrays = map_arrays(folder, shapes)
        check_content(folder, there, arrays)
        manifest = sealed(there, arrays)
        arrays = map_arrays(folder, shapes, writable=True)
    else:
        check_own_arrays(folder, shapes, begun=there is not None)
        manifest = wanted
        arrays = _begin(folder, manifest, shapes)
    if collector is None:
        simulate = partial(simulated_chunk, robot, recipe, seed, workers.threads)
    else:
        simulate = partial(drawn_chunk, collector, seed)
    simulated = workers.map(simulate, count(manifest["next_chunk"])) if manifest["segments"] < segments else iter(())
    for fresh, dropped in simulated:
        done = manifest["segments"]
        kept = min(len(fresh.qpos), segments - done)
        for array, values in zip(arrays, fresh, strict=True):
            array[done : done + kept] = values[:kept]
            if isinstance(array, np.memmap):
                array.flush()
        manifest["segments"] += kept
        manifest["dropped"] += dropped
        manifest["next_chunk"] += 1
        manifest.setdefault("chunks", []).append(checksums(fresh, 0, kept))
        manifest = write_manifest(folder, manifest)
        report(manifest["segments"])
        if manifest["segments"] >= segments:
            break
    return Dataset(folder, manifest, arrays)


def _manifest_in(folder: Path) -> Manifest | None:
    """The manifest in `folder`, if there is one."""
    return read_manifest(folder) if (folder / MANIFEST).exists() else None


def open_dataset(folder: str | Path, *, robot: str | None = None) -> Dataset:
    """The dataset in `folder`. Raises `FileFault` for one that is missing, damaged, not finite, or of another robot than `robot`.

    All numbers are read once, from beginning to end, and compared with their checksums. That takes about a second for each gigabyte, and
    little memory. A dataset of version 0.1.0 has no checksums and opens with a warning.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if robot is not None and manifest["robot"] != robot:
        raise FileFault(f"{folder} holds the motion of {manifest['robot']!r}, not of {robot!r}.")
    arrays = mapped_arrays(folder, manifest)
    if not manifest["segments"]:
        raise FileFault(f"{folder} holds no segments yet: its collection was interrupted; run it again.")
    check_content(folder, manifest, arrays)
    return Dataset(folder, manifest, arrays)


def reseal_dataset(folder: str | Path) -> Dataset:
    """Give a dataset of version 0.1.0 the checksums of its present numbers, and open it. A dataset with checksums is only checked."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest["version"] == UNSEALED:
        arrays = mapped_arrays(folder, manifest)
        check_finite(folder, arrays, 0, manifest["segments"])
        write_manifest(folder, sealed(manifest, arrays))
    return open_dataset(folder)


def _begin(folder: Path, manifest: Manifest, shapes: dict[str, tuple[int, ...]]) -> Segments:
    """Write the manifest of a dataset without segments, and its arrays. If the disk cannot hold them, nothing is left behind."""
    check_space(folder, shapes)
    made = not folder.exists()
    write_manifest(folder, manifest)
    try:
        return create_arrays(folder, shapes)
    except OSError:
        (folder / MANIFEST).unlink()
        if made:
            folder.rmdir()
        raise


def _check_same(folder: Path, there: Mapping[str, object], here: Mapping[str, object]) -> None:
    """Refuse to go on where the collection in `folder` is another one."""
    odd = next((key for key in DESCRIBING if there[key] != here[key]), None)
    if odd is not None:
        found, wanted = there[odd], here[odd]
        nested = is_mapping(found) and is_mapping(wanted)
        said = said_difference(found, wanted) if nested else f"{odd} is {found!r} there, {wanted!r} here"
        raise FileFault(f"{folder} holds another dataset ({said}); choose another folder.")
