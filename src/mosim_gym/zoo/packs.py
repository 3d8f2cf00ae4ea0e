"""Packs: several checkpoints in one safetensors file, so that many checkpoints are few files to copy from another machine."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import numpy as np

from mosim_gym.mechanics.schema import checked, mapping, record
from mosim_gym.mechanics.seal import digest
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.zoo import checkpoint
from mosim_gym.zoo.cards import CHECKPOINT_NAME, CheckpointCard, CheckpointHeader, checkpoint_header

KIND = "pack"
_HEADER = record({"checkpoints": mapping(checkpoint_header(), CHECKPOINT_NAME)})
FULL = 14_000_000  # bytes beyond which a pack takes no further checkpoint


class _Header(TypedDict):
    checkpoints: dict[str, CheckpointHeader]


def pack_cards(folder: Path) -> dict[str, tuple[Path, CheckpointCard]]:
    """For each checkpoint in the packs of `folder`, by name: the pack that holds it, and its card."""
    return {
        name: (path, header["card"])
        for path in sorted(folder.glob("models-*.safetensors"))
        for name, header in load_pack(path)[1].items()
    }


def pack(folder: Path, path: Path, *, full: int = FULL) -> Path:
    """Move the checkpoint at `path` into the last pack of `folder`, or into a new one if that has `full` bytes. Returns the pack's path."""
    packs = sorted(folder.glob("models-*.safetensors"))
    target = folder / f"models-{len(packs) + 1}.safetensors"
    arrays: dict[str, np.ndarray] = {}
    headers: dict[str, CheckpointHeader] = {}
    if packs and packs[-1].stat().st_size + path.stat().st_size <= full:
        target = packs[-1]
        arrays, headers = load_pack(target)
    weights, found = load_arrays(path, checkpoint.KIND)
    header = checked(path, "header", found, checkpoint_header(), CheckpointHeader)
    name = header["card"]["name"]
    arrays = {**arrays, **{f"{name}/{key}": value for key, value in weights.items()}}
    save_arrays(target, KIND, arrays, {"checkpoints": {**headers, name: header}})
    path.unlink()
    return target


def unpack(path: Path, folder: Path) -> list[Path]:
    """Write each checkpoint in the pack at `path` to a file of its own in `folder`, as `robot.safetensors`.

    Raises `ValueError` if the file exists and holds another checkpoint.
    """
    arrays, headers = load_pack(path)
    parts = {
        name: {key.partition("/")[2]: value for key, value in arrays.items() if key.partition("/")[0] == name}
        for name in headers
    }
    places = {name: folder / f"{name.replace(':', '+')}.safetensors" for name in headers}
    for name, place in places.items():
        if place.exists() and not _same(place, parts[name], headers[name]):
            raise ValueError(f"{place} exists and would be replaced by another checkpoint; choose another folder.")
    return [save_arrays(places[name], checkpoint.KIND, parts[name], headers[name]) for name in headers]


def load_pack(path: Path) -> tuple[dict[str, np.ndarray], dict[str, CheckpointHeader]]:
    """The arrays of all checkpoints in the pack at `path`, and the header of each by name. All names are valid names of files."""
    arrays, header = load_arrays(path, KIND)
    headers = checked(path, "header", header, _HEADER, _Header)["checkpoints"]
    odd = next((name for name, own in headers.items() if own["card"]["name"] != name), None)
    if odd is not None:
        raise FileFault(f"{path} is damaged: its checkpoint {odd!r} has the name {headers[odd]['card']['name']!r}.")
    return arrays, headers


def _same(place: Path, weights: dict[str, np.ndarray], header: CheckpointHeader) -> bool:
    there, known = load_arrays(place, checkpoint.KIND)
    return known == {**header, "kind": checkpoint.KIND} and digest(there) == digest(weights)
