"""The manifest of a dataset: its content, its consistency, and its checksums.

    kind, version        what the file is, and its format
    robot, fingerprint   the robot whose motion it is
    recipe, steps, seed  how the segments were made
    planned, segments    the number of segments at the end, and the present number
    dropped, next_chunk  the number of unstable segments so far, and the number of the next chunk
    chunks               for each chunk its number of segments, and the SHA-256 of its part of each array
    seal                 the SHA-256 of all other entries

Format 1, of version 0.1.0, has neither `chunks` nor `seal`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from mosim_gym.data.arrays import ChunkRecord
from mosim_gym.data.collection import Segments
from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.seal import digest
from mosim_gym.mechanics.storage import FileFault, write_atomically

KIND, VERSION, UNSEALED = "mosim_gym dataset", 2, 1
MANIFEST = "manifest.json"
SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST = 500  # characters of a name in a manifest


class RecipeRecord(TypedDict):
    """A recipe by its name, and what it was."""

    name: str
    resets: list[list[str | float]]
    actions: list[list[str | float]]
    steps: int
    flight: NotRequired[int]


class Manifest(TypedDict):
    """What the module's docstring says of it."""

    kind: str
    version: int
    robot: str
    fingerprint: str
    recipe: RecipeRecord
    steps: int
    seed: int
    planned: int
    segments: int
    dropped: int
    next_chunk: int
    chunks: NotRequired[list[ChunkRecord]]
    seal: NotRequired[str]


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write `manifest` to `folder` with its seal, atomically. Returns what was written."""
    sealed: Manifest = {
        "kind": KIND,
        "version": VERSION,
        "robot": manifest["robot"],
        "fingerprint": manifest["fingerprint"],
        "recipe": manifest["recipe"],
        "steps": manifest["steps"],
        "seed": manifest["seed"],
        "planned": manifest["planned"],
        "segments": manifest["segments"],
        "dropped": manifest["dropped"],
        "next_chunk": manifest["next_chunk"],
        "chunks": manifest.get("chunks", []),
    }
    sealed["seal"] = seal_of(sealed)
    write_atomically(folder / MANIFEST, json.dumps(sealed, indent=1) + "\n")
    return sealed


def read_content(path: Path, kind: str, *, absent: str, foreign: str) -> dict[str, JSON]:
    """The JSON of the manifest at `path`. Raises `FileFault`: `absent` without a file, `foreign` where the content is not of `kind`."""
    if not path.is_file():
        raise FileFault(absent)
    try:
        content: JSON = json.loads(path.read_bytes().decode())
    except OSError as error:
        raise FileFault(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise FileFault(f"{path} is damaged: it is not readable JSON ({error}).") from error
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise FileFault(foreign)
    return content


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`. Raises `FileFault` for one that is missing, damaged or inconsistent."""
    path = folder / MANIFEST
    content = read_content(
        path,
        KIND,
        absent=f"There is no dataset in {folder}: it has no {MANIFEST}.",
        foreign=f"{path} is not the manifest of a mosim_gym dataset.",
    )
    version = content.get("version")
    if version not in (UNSEALED, VERSION) or isinstance(version, bool):
        raise FileFault(f"{path} has format {str(version)[:50]}; this version of mosim_gym reads {VERSION}.")
    _check_kinds(path, content)
    manifest = cast("Manifest", content)  # which is what was checked
    if version == VERSION and content["seal"] != seal_of(content):
        raise FileFault(f"{path} is damaged: its content does not match its seal; collect the dataset again.")
    _check_counts(path, manifest)
    return manifest


def seal_of(manifest: Mapping[str, object]) -> str:
    """The SHA-256 of all entries but the seal."""
    return digest({}, json.dumps({k: v for k, v in manifest.items() if k != "seal"}, sort_keys=True))


def _is_count(value: JSON) -> bool:
    return type(value) is int and value >= 0


def _is_positive(value: JSON) -> bool:
    return type(value) is int and value >= 1


def _is_name(value: JSON) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST


def _are_shares(value: JSON) -> bool:
    """`[["task", 0.2], …]`."""
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and _is_name(pair[0]) and type(pair[1]) in (int, float)
        for pair in value
    )


def _is_recipe(value: JSON) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() - {"flight"} == {"name", "resets", "actions", "steps"}
        and _is_name(value["name"])
        and _are_shares(value["resets"])
        and _are_shares(value["actions"])
        and _is_positive(value["steps"])
        and _is_count(value.get("flight", 0))
    )


def _are_chunks(value: JSON) -> bool:
    """`[{"segments": 1000, "qpos": "9f86…", …}, …]`."""
    return isinstance(value, list) and all(
        isinstance(chunk, dict)
        and chunk.keys() == {"segments", *Segments._fields}
        and _is_count(chunk["segments"])
        and all(_is_sha256(chunk[name]) for name in Segments._fields)
        for chunk in value
    )


def _is_sha256(value: JSON) -> bool:
    return isinstance(value, str) and bool(SHA256.fullmatch(value))


_CHECKS: dict[str, tuple[Callable[[JSON], bool], str]] = {
    "robot": (_is_name, "a robot's name"),
    "fingerprint": (_is_name, "a fingerprint"),
    "recipe": (_is_recipe, "a recipe with name, resets, actions and steps"),
    "steps": (_is_positive, "a whole number, at least 1"),
    "seed": (_is_count, "a whole number, at least 0"),
    "planned": (_is_positive, "a whole number, at least 1"),
    "segments": (_is_count, "a whole number, at least 0"),
    "dropped": (_is_count, "a whole number, at least 0"),
    "next_chunk": (_is_count, "a whole number, at least 0"),
    "chunks": (_are_chunks, "a list of numbers of segments with their SHA-256"),
    "seal": (_is_sha256, "a SHA-256"),
}


def _check_kinds(path: Path, manifest: Mapping[str, JSON]) -> None:
    """Refuse missing keys, unknown keys, and values of another kind."""
    wanted = _CHECKS.keys() - ({"chunks", "seal"} if manifest["version"] == UNSEALED else set())
    for name in _CHECKS:
        if name in wanted and name not in manifest:
            raise FileFault(f"{path} is damaged: it has no {name}.")
    odd = next((name for name in manifest if name not in {"kind", "version", *wanted}), None)
    if odd is not None:
        raise FileFault(f"{path} is damaged: it has the unknown key {odd[:50]!r}.")
    for name, (fits, needed) in _CHECKS.items():
        if name in wanted and not fits(manifest[name]):
            raise FileFault(f"{path} is damaged: {name} is {str(manifest[name])[:50]!r}; it must be {needed}.")


def _check_counts(path: Path, manifest: Manifest) -> None:
    """Refuse numbers that contradict one another."""
    segments, planned = manifest["segments"], manifest["planned"]
    if segments > planned:
        raise FileFault(f"{path} is damaged: it has {segments} segments, but {planned} were planned.")
    chunks = manifest.get("chunks")
    summed = segments if chunks is None else sum(chunk["segments"] for chunk in chunks)
    if summed != segments:
        raise FileFault(f"{path} is damaged: it has {segments} segments, but its chunks have {summed}.")
