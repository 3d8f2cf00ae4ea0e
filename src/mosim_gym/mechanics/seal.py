"""Seals: the SHA-256 of a file's content, which shows whether what is loaded is what was saved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np


def digest(arrays: Mapping[str, np.ndarray], header: str = "") -> str:
    """The SHA-256, in hexadecimal digits, of the text `header` and of all `arrays`: names, kinds of numbers, shapes and bytes.

    The order of `arrays` does not matter. Bytes are in little-endian order.
    """
    found = hashlib.sha256(f"{len(header.encode())}\n{header}".encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        kind = array.dtype.newbyteorder("<")
        found.update(f"\n{len(name.encode())} {name} {kind.str} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array, kind).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def rounded(values: np.ndarray) -> str:
    """An array as text of eight significant digits, so that its identity does not depend on a compiler's last bit."""
    numbers = np.asarray(values)
    text = [f"{0.0 if abs(v) < 1e-12 else v:.8g}" for v in numbers.astype(float).ravel()]
    return f"{numbers.shape}{text}"
