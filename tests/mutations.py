"""Random damage to files: bytes that are lost, added or changed, and values that nobody would write, with or without a valid seal."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mosim_gym.data.manifest import seal_of
from mosim_gym.mechanics.seal import digest
from mosim_gym.mechanics.storage import HEADER, SEAL

CANARY = "canary"
"""A name outside of the folder of the damaged file. Nothing may open it."""
NAMES = (
    "",
    "x",
    "w0",
    "../" + CANARY,
    "/" + CANARY,
    "robot/..",
    "\x00",
    "ü" * 40,
    "a" * 5000,
    "__proto__",
    "qpos",
    "0",
)
NUMBERS = (
    0,
    -1,
    1,
    2,
    7,
    255,
    2**31,
    2**53,
    2**63,
    2**64,
    10**30,
    0.5,
    -0.0,
    1e-320,
    1e12,
    1e39,
    1e308,
    math.nan,
    math.inf,
    -math.inf,
)
DTYPES = ("float16", "float32", "float64", "int8", "int64", "uint8", "bool", "uint16")


class Damage(NamedTuple):
    """What was done to a file, and whether its seal may have been made anew or removed, so that no seal shows the change."""

    done: str
    forged: bool


def damage(path: Path, rng: random.Random) -> Damage:
    """Damage the file at `path`, or a file in the folder `path`."""
    files = [path] if path.is_file() else sorted(part for part in path.rglob("*") if part.is_file())
    chosen = rng.choice(files)
    content = chosen.read_bytes()
    structured = {".safetensors": _damaged_arrays, ".json": _damaged_json, ".npy": _damaged_npy}.get(chosen.suffix)
    if structured is not None and rng.random() < 0.7:
        done, content = structured(content, rng)
    else:
        done, content = _damaged_bytes(content, rng)
    chosen.write_bytes(content)
    return Damage(f"{chosen.name}: {done}", done.startswith("forged"))


def _damaged_bytes(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    if not content:
        return "a byte", b"\x00"
    # headers are what is interpreted, so that they are hit more often
    place = rng.randrange(min(len(content), rng.choice((9, 300, len(content)))))
    much = rng.choice((1, 2, 8, 100))
    kind = rng.choice(("flip", "set", "cut", "insert", "drop", "repeat", "swap", "length"))
    if kind == "flip":
        changed = bytes([content[place] ^ (1 << rng.randrange(8))])
        return f"flip at {place}", content[:place] + changed + content[place + 1 :]
    if kind == "set":
        value = bytes(rng.choice((0, 255, rng.randrange(256))) for _ in range(much))
        return f"set at {place}", content[:place] + value + content[place + much :]
    if kind == "cut":
        return f"cut at {place}", content[:place]
    if kind == "insert":
        return f"insert at {place}", content[:place] + rng.randbytes(much) + content[place:]
    if kind == "drop":
        return f"drop at {place}", content[:place] + content[place + much :]
    if kind == "repeat":
        return f"repeat {place}", content + content[place:]
    if kind == "swap":
        return f"swap at {place}", content[place:] + content[:place]
    return "another length", rng.choice((0, 1, 7, 2**20, 2**40, 2**63, 2**64 - 1)).to_bytes(8, "little") + content[8:]


def _damaged_arrays(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Another table, header or array in a safetensors file; mostly with the seal that belongs to it."""
    end = 8 + int.from_bytes(content[:8], "little")
    table = json.loads(content[8:end])
    if rng.random() < 0.3:  # the table itself: kinds of numbers, shapes, offsets, names
        done = _change(table, rng)
        text = _dumped(table, rng)
        marks = table.get("__metadata__")
        sealed = isinstance(marks, dict) and SEAL in marks
        return f"{'' if sealed else 'forged '}table {done}", len(text).to_bytes(8, "little") + text + content[end:]
    metadata, arrays = table["__metadata__"], dict(load(content))
    if rng.random() < 0.6:
        header = json.loads(metadata[HEADER])
        done = f"forged header {_change(header, rng)}"
        text = _dumped(header, rng).decode("utf-8", "replace")
    else:
        done, text = f"forged array {_change_array(arrays, rng)}", metadata[HEADER]
    seal = digest(arrays, text) if rng.random() < 0.9 else metadata[SEAL]
    marks = {HEADER: text, SEAL: seal}
    if rng.random() < 0.05:
        del marks[rng.choice((HEADER, SEAL))]
    try:
        return done, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, marks)
    except (SafetensorError, ValueError, UnicodeEncodeError):
        return "a byte", content[:-1]


def _change_array(arrays: dict[str, np.ndarray], rng: random.Random) -> str:
    name = rng.choice(sorted(arrays))
    array = arrays[name]
    kind = rng.choice(("value", "value", "type", "shape", "name", "drop", "add", "empty", "scalar"))
    if kind == "value" and array.size:
        flat = array.astype(array.dtype).reshape(-1).copy()
        with np.errstate(all="ignore"):
            value = rng.choice(NUMBERS) if array.dtype.kind == "f" else rng.choice((-1, 0, 1, 100))
            flat[rng.randrange(flat.size)] = np.array(value, np.float64).astype(array.dtype)
        arrays[name] = flat.reshape(array.shape)
    elif kind == "type":
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(rng.choice(DTYPES))
    elif kind == "shape":
        arrays[name] = rng.choice((array.T, array.reshape(-1), array[None], array[:-1] if array.ndim else array))
    elif kind == "name":
        arrays[rng.choice(NAMES)] = arrays.pop(name)
    elif kind == "drop":
        del arrays[name]
    elif kind == "add":
        arrays[rng.choice(NAMES)] = array
    else:
        arrays[name] = np.zeros((0,) if kind == "empty" else (), array.dtype)
    return f"{kind} of {name}"


def _damaged_json(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    manifest = json.loads(content)
    done = _change(manifest, rng)
    if isinstance(manifest, dict) and "seal" in manifest and rng.random() < 0.9:
        manifest["seal"] = seal_of(manifest)
        done = f"forged {done}"
    return done, _dumped(manifest, rng)


def _damaged_npy(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Another word in the header of a numpy array."""
    old, new = rng.choice(
        (
            (b"<f8", b">f8"), (b"<f8", b"<f4"), (b"<f8", b"|O8"), (b"False", b"True"), (b"'shape': (", b"'shape': (9999999999, "),
            (b"'shape': (", b"'shape': (-1, "), (b"descr", b"descx"), (b"NUMPY\x01", b"NUMPY\x02"), (b"'shape': (", b"'shape': (1e3, "),
            (b"'shape'", b"__import__('os').system('true') or 'shape'"),
        )
    )  # fmt: skip
    return f"{old!r} to {new!r}", content.replace(old, new, 1)


def _change(content: Any, rng: random.Random) -> str:
    """Change one value somewhere in JSON, in place. Returns where."""
    place, way = content, ""
    while True:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            if isinstance(place, dict):
                place[rng.choice(NAMES)] = _odd(rng)
            else:
                place.append(_odd(rng))
            return f"{way} added"
        key = rng.choice(keys)
        way += f".{str(key)[:30]}"
        inner = place[key]
        if isinstance(inner, dict | list) and rng.random() < 0.8:
            place = inner
            continue
        kind = rng.choice(("value", "value", "value", "near", "drop", "rename"))
        if kind == "value":
            place[key] = _odd(rng)
        elif kind == "near":
            place[key] = _near(inner, rng)
        elif kind == "drop":
            del place[key]
        elif isinstance(place, dict):
            place[rng.choice(NAMES)] = place.pop(key)
        else:
            place.insert(key, inner)
        return f"{way} {kind}"


def _odd(rng: random.Random) -> Any:
    nested: Any = 1
    for _ in range(rng.choice((3, 400))):
        nested = [nested]
    return rng.choice(
        (
            None,
            True,
            False,
            [],
            {},
            [[]],
            {"a": 1},
            nested,
            rng.choice(NUMBERS),
            rng.choice(NAMES),
            [rng.choice(NUMBERS)] * 3,
        )
    )


def _near(value: Any, rng: random.Random) -> Any:
    """A value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((-1, 1, 1000, 10**9))
    if isinstance(value, float):
        return value * rng.choice((-1, 0, 2, 1e6, 1e30))
    if isinstance(value, str):
        return rng.choice((value + "x", value[:-1], value.upper(), f"../{CANARY}"))
    return value


def _dumped(content: Any, rng: random.Random) -> bytes:
    text = json.dumps(content).encode()
    if rng.random() < 0.02:  # nested more deeply than any parser goes
        text = b'{"a":' * 100_000 + text
    return text + b" " * (-len(text) % 8)
