"""Files: atomic writing, which never loses a user's file, and reading, which reports each fault in one sentence."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.narrowing import is_dict, is_sequence
from mosim_gym.mechanics.seal import digest

HEADER, SEAL = "mosim_gym", "sha256"
"""The metadata keys of our safetensors files: a JSON object with at least `kind`, and the `digest` of its text and of all arrays."""


LONGEST = 1_200
"""Characters of an error."""
_NUMBERS = re.compile(r"\[([-+0-9.eE,\s]+)\]")


class FileFault(ValueError):
    """A file that is missing, damaged, or not what it should be, in one sentence of one line and at most `LONGEST` characters."""

    def __init__(self, message: str) -> None:
        """Parts of a damaged file that are quoted in `message` may be long, and hold anything."""
        said = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in message)
        super().__init__(said if len(said) <= LONGEST else f"{said[: LONGEST // 2]} … {said[-LONGEST // 2 + 3 :]}")


class UnsealedFile(UserWarning):
    """A file without a seal, so that damage to it would not show."""


def write_atomically(path: Path, content: bytes | str) -> Path:
    """Write `content` to `path` through a temporary neighbour and a rename, so that readers see the old file or the new one."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(
            error.errno, f"Could not write {path} ({error.strerror}); the previous file, if any, is unchanged."
        ) from error
    finally:
        Path(temporary).unlink(missing_ok=True)  # nothing, once it is renamed
    return path


def check_folder(folder: Path, name: str = "folder") -> None:
    """Raise `ValueError` if `folder`, which the user gave as `name`, is not a folder, or nothing can be written there."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise ValueError(f"{name} {folder}: {there} is a file; it must be a folder, which may exist already.")
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise ValueError(f"{name} {folder}: nothing can be written to {there} ({error.strerror}).") from error


def check_own(results: Iterable[Path], state: Path) -> None:
    """Raise `FileFault` if one of `results` exists and `state` does not. The result is then of another run, and would be lost."""
    found = next((path for path in results if path.exists()), None)
    if found is not None and not state.exists():
        raise FileFault(
            f"{found} is not the result of a run that can continue here, and would be replaced; choose another folder."
        )


def set_aside(folder: Path) -> None:
    """Rename the folder of a finished run, if there is one, to `…-finished`. It replaces an earlier folder of that name."""
    if folder.exists():
        finished = folder.with_name(f"{folder.name}-finished")
        if finished.is_dir() and not finished.is_symlink():
            shutil.rmtree(finished)
        else:
            finished.unlink(missing_ok=True)
        folder.rename(finished)


def readable_json(content: object) -> str:
    """`content` as JSON for people and for `diff`: sorted keys, one on a line, lists of numbers on one line, and numbers of six digits."""
    text = json.dumps(_rounded(content), indent=1, sort_keys=True)
    return _NUMBERS.sub(lambda found: "[" + ",".join(part.strip() for part in found[1].split(",")) + "]", text) + "\n"


def _rounded(content: object) -> object:
    if isinstance(content, float):
        return float(f"{content:.6g}")
    if is_dict(content):
        return {key: _rounded(value) for key, value in content.items()}
    return [_rounded(value) for value in content] if is_sequence(content) else content


def save_arrays(path: Path, kind: str, arrays: Mapping[str, np.ndarray], header: Mapping[str, object]) -> Path:
    """Write named arrays and a JSON header as one safetensors file of the given `kind`, sealed by the `digest` of both."""
    text = json.dumps({"kind": kind, **header}, sort_keys=True)
    contiguous = {key: np.asarray(value, order="C") for key, value in arrays.items()}
    return write_atomically(path, _in_order(save(contiguous, {HEADER: text, SEAL: digest(contiguous, text)})))


def _in_order(content: bytes) -> bytes:
    """The same safetensors file with its metadata in alphabetical order, so that equal content gives equal bytes."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    metadata = {"__metadata__": dict(sorted(header.pop("__metadata__").items()))}
    text = json.dumps({**metadata, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def load_arrays(path: Path, kind: str) -> tuple[dict[str, np.ndarray], dict[str, JSON]]:
    """Read a file that `save_arrays` wrote. Raises `FileFault` for other files, and for content that differs from its seal.

    Files of version 0.1.0 have no seal, and each raises one warning.
    """
    if not path.is_file():
        raise FileFault(f"There is no {kind} file at {path}.")
    _check_readable(path)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise FileFault(f"{path} is not a readable safetensors file ({error}); a {kind} is never a pickle.") from error
    header = _header(path, metadata.get(HEADER, "{}"))
    if header.get("kind") != kind:
        raise FileFault(f"{path} is a safetensors file, but not a {kind} written by mosim_gym.")
    if not metadata.keys() <= {HEADER, SEAL}:
        raise FileFault(f"{path} is damaged: its header has other keys than a {kind} has.")
    if SEAL not in metadata:
        _warn_unsealed(path)
    elif metadata[SEAL] != digest(arrays, metadata[HEADER]):
        raise FileFault(
            f"{path} is damaged: its content does not match its seal; fetch or make the file again, or delete it."
        )
    return arrays, header


def _check_readable(path: Path) -> None:
    """Raise `FileFault` with the reason. safetensors says of every file that it cannot open that there is none."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise FileFault(f"{path} cannot be read ({error.strerror}).") from error


@cache
def _warn_unsealed(path: Path) -> None:
    """Warn, once for each file."""
    warnings.warn(
        f"{path} has no seal, like all files of mosim_gym 0.1.0, so damage to it would not show. "
        f"`mosim-gym reseal {path}` checks it and writes one.",
        UnsealedFile,
        stacklevel=4,
    )


def read_kind(path: Path) -> tuple[str, bool]:
    """The kind of a file that `save_arrays` wrote, and whether it has a seal. Its arrays are not read."""
    if not path.is_file():
        raise FileFault(f"There is no file at {path}.")
    _check_readable(path)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise FileFault(f"{path} is not a readable safetensors file ({error}).") from error
    kind = _header(path, metadata.get(HEADER, "{}")).get("kind")
    if not isinstance(kind, str):
        raise FileFault(f"{path} is a safetensors file, but mosim_gym did not write it.")
    return kind, SEAL in metadata


def is_safetensors(path: Path) -> bool:
    """Whether the file at `path` has the beginning of a safetensors file."""
    _check_readable(path)
    try:
        with safe_open(path, framework="numpy"):
            return True
    except SafetensorError:
        return False


def _header(path: Path, text: str) -> dict[str, JSON]:
    try:
        header: JSON = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFault(f"{path} is damaged: its header is not readable ({error}).") from error
    if not isinstance(header, dict):
        raise FileFault(f"{path} is damaged: its header is a {type(header).__name__}, not an object.")
    return header
