"""Packs: several checkpoints in one safetensors file, so that a whole zoo is a few files to fetch from where it was trained."""

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
    """By name, the pack in `folder` that holds a checkpoint, and its card."""
    return {
        name: (path, header["card"])
        for path in sorted(folder.glob("models-*.safetensors"))
        for name, header in load_pack(path)[1].items()
    }


def pack(folder: Path, path: Path) -> Path:
    """Move the checkpoint at `path` into a pack of `folder`, the last one or a new one; the pack's path."""
    packs = sorted(folder.glob("models-*.safetensors"))
    target = folder / f"models-{len(packs) + 1}.safetensors"
    arrays: dict[str, np.ndarray] = {}
    headers: dict[str, CheckpointHeader] = {}
    if packs and packs[-1].stat().st_size + path.stat().st_size <= FULL:
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
    """Write each checkpoint in the pack at `path` to a file of its own in `folder`, as `robot.safetensors`, which must not be there yet
    unless it is the same.
    """
    arrays, headers = load_pack(path)
    parts = {
        name: {key.partition("/")[2]: value for key, value in arrays.items() if key.partition("/")[0] == name}
        for name in headers
    }
    places = {name: folder / f"{name.replace(':', '+')}.safetensors" for name in headers}
    for name, place in places.items():
        if place.exists() and not _same(place, parts[name], headers[name]):
            raise ValueError(
                f"{place} is there already and would be replaced by another checkpoint; choose another folder."
            )
    return [save_arrays(places[name], checkpoint.KIND, parts[name], headers[name]) for name in headers]


def load_pack(path: Path) -> tuple[dict[str, np.ndarray], dict[str, CheckpointHeader]]:
    """The arrays of all checkpoints in the pack at `path`, and by its name the header of each; names are such as files can have."""
    arrays, header = load_arrays(path, KIND)
    headers = checked(path, "header", header, _HEADER, _Header)["checkpoints"]
    odd = next((name for name, own in headers.items() if own["card"]["name"] != name), None)
    if odd is not None:
        raise FileFault(f"{path} is damaged: its checkpoint {odd!r} has the name {headers[odd]['card']['name']!r}.")
    return arrays, headers


def _same(place: Path, weights: dict[str, np.ndarray], header: CheckpointHeader) -> bool:
    there, known = load_arrays(place, checkpoint.KIND)
    return known == {**header, "kind": checkpoint.KIND} and digest(there) == digest(weights)
