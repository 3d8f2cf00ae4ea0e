"""What lies in a dataset's folder beside its manifest: arrays of the shapes that it describes, with the numbers of its checksums."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from mosim_gym.data.arrays import array_path, check_finite, checksums, map_arrays
from mosim_gym.data.chunks import CHUNK
from mosim_gym.data.collection import Segments
from mosim_gym.data.manifest import UNSEALED, Manifest
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.robots.catalogue import sensor_columns


def array_shapes(robot: str, segments: int, steps: int) -> dict[str, tuple[int, ...]]:
    """The shape of each array of `segments` segments of so many control steps, by the name of its file."""
    r = load_robot(robot)
    return {
        "qpos": (segments, steps + 1, r.nq),
        "qvel": (segments, steps + 1, r.nv),
        "actions": (segments, steps, r.nu),
        "sensors": (segments, steps, len(sensor_columns(robot))),
    }


def mapped_arrays(folder: Path, manifest: Manifest) -> Segments:
    """The arrays that `manifest` describes. Its robot must be this package's robot of that name."""
    fingerprint = load_robot(manifest["robot"]).fingerprint
    if manifest["fingerprint"] != fingerprint:
        raise FileFault(
            f"{folder} was collected from a {manifest['robot']!r} with fingerprint {manifest['fingerprint']}; this one has {fingerprint}: "
            "collect it again."
        )
    return map_arrays(folder, array_shapes(manifest["robot"], manifest["planned"], manifest["steps"]))


def check_content(folder: Path, manifest: Manifest, arrays: Segments) -> None:
    """Check that all numbers are finite and match their checksums. Warn if there are no checksums."""
    if manifest["version"] == UNSEALED:
        warnings.warn(
            f"{folder} is a dataset of version 0.1.0, without checksums, so damage to it would not show; "
            f"`mosim-gym reseal {folder}` adds them.",
            stacklevel=3,
        )
        check_finite(folder, arrays, 0, manifest["segments"])
    first = 0
    for number, chunk in enumerate(manifest.get("chunks", ())):
        last = first + chunk["segments"]
        check_finite(folder, arrays, first, last)
        found: Mapping[str, object] = checksums(arrays, first, last)
        known: Mapping[str, object] = chunk
        odd = next((name for name in found if found[name] != known[name]), None)
        if odd is not None:
            raise FileFault(
                f"{array_path(folder, odd)} is damaged: its numbers in chunk {number} (segments {first} to {last - 1}) do not match their "
                "checksum; collect the dataset again."
            )
        first = last


def sealed(manifest: Manifest, arrays: Segments) -> Manifest:
    """`manifest`, with the checksums of the present numbers if it has none."""
    if manifest["version"] != UNSEALED:
        return manifest
    there = manifest["segments"]
    return {**manifest, "chunks": [checksums(arrays, i, min(i + CHUNK, there)) for i in range(0, there, CHUNK)]}
