"""Reading zip archives of strangers: named members only, into memory, and never more than the archive's own size can account for."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from mosim_gym.mechanics.storage import FileFault

LARGEST = 512 * 2**20
"""Bytes that a member may hold."""

RATIO = 20
"""Times as much as the archive itself may unpack to: weights hardly shrink when they are compressed, and bombs do a thousandfold."""

_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, struct.error,
)  # fmt: skip
"""What Python's reader raises for archives that are damaged, encrypted, or compressed in ways that it does not know."""


def read_members(path: Path, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The members of the zip at `path` that are named in `limits`, each of at most so many bytes; those that are not there are left out."""
    content = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    if not content:
        raise FileFault(f"{path} is empty, or larger than {LARGEST // 2**20} MB.")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            known = {info.filename: info for info in archive.infolist()}
            found = [known[name] for name in limits if name in known]
            for info in found:
                limit = min(limits[info.filename], RATIO * len(content))
                if info.file_size > limit:
                    raise FileFault(
                        f"{path}: its {info.filename} would unpack to {info.file_size:,} bytes; at most {limit:,} are read."
                    )
            return {info.filename: _read(archive, info) for info in found}
    except FileFault:
        raise
    except _FAULTS as error:
        raise FileFault(f"{path} is damaged, or no zip archive: {_said(error)}.") from error


def is_plain_archive(content: bytes) -> bool:
    """Whether `content` is a zip whose members are stored as they are, so that it unpacks to no more than itself."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            infos = archive.infolist()
    except _FAULTS:
        return False
    stored = all(info.compress_type == zipfile.ZIP_STORED for info in infos)
    return stored and sum(info.file_size for info in infos) <= len(content)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """No more than it says that it holds; the reader checks its CRC at the end."""
    with archive.open(info) as member:
        content = member.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise zipfile.BadZipFile(f"{info.filename} has another size than it says")
    return content


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
