"""Packs: several checkpoints in one safetensors file, so that a whole zoo is a few files to fetch from where it was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mosim_gym.mechanics.storage import load_arrays, save_arrays
from mosim_gym.zoo import checkpoint

KIND = "pack"
FULL = 14_000_000  # bytes beyond which a pack takes no further checkpoint


def pack_cards(folder: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
    """By name, the pack in `folder` that holds a checkpoint, and its card."""
    return {
        name: (path, header["card"])
        for path in sorted(folder.glob("models-*.safetensors"))
        for name, header in load_arrays(path, KIND)[1]["checkpoints"].items()
    }


def pack(folder: Path, path: Path) -> Path:
    """Move the checkpoint at `path` into a pack of `folder`, the last one or a new one; the pack's path."""
    packs = sorted(folder.glob("models-*.safetensors"))
    target, arrays, headers = folder / f"models-{len(packs) + 1}.safetensors", {}, {}
    if packs and packs[-1].stat().st_size + path.stat().st_size <= FULL:
        target = packs[-1]
        arrays, header = load_arrays(target, KIND)
        headers = header["checkpoints"]
    weights, header = load_arrays(path, checkpoint.KIND)
    name = header["card"]["name"]
    arrays = {**arrays, **{f"{name}/{key}": value for key, value in weights.items()}}
    save_arrays(target, KIND, arrays, {"checkpoints": {**headers, name: header}})
    path.unlink()
    return target


def unpack(path: Path, folder: Path) -> list[Path]:
    """Write each checkpoint in the pack at `path` to a file of its own in `folder`, as `robot.safetensors`, which must not be there yet
    unless it is the same.
    """
    arrays, header = load_arrays(path, KIND)
    places = {name: folder / f"{name.replace(':', '+')}.safetensors" for name in header["checkpoints"]}
    for name, place in places.items():
        if place.exists() and load_arrays(place, checkpoint.KIND)[1] != {
            "kind": checkpoint.KIND,
            **header["checkpoints"][name],
        }:
            raise ValueError(
                f"{place} is there already and would be replaced by another checkpoint; choose another folder."
            )
    written: list[Path] = []
    for name, own in header["checkpoints"].items():
        weights = {key.partition("/")[2]: value for key, value in arrays.items() if key.partition("/")[0] == name}
        written.append(save_arrays(places[name], checkpoint.KIND, weights, own))
    return written
