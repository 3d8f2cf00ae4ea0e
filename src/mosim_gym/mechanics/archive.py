"""Reads named members of untrusted zip archives into memory, within limits on their size."""

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
"""A member may unpack to so many times the archive's size. Compression hardly shrinks weights; it shrinks zip bombs a thousandfold."""

_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, struct.error,
)  # fmt: skip
"""What Python's reader raises for archives that are damaged, encrypted, or compressed by an unknown method."""


def read_members(path: Path, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The members of the zip at `path` that `limits` names, each with its largest size in bytes. Absent members are left out."""
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
        raise FileFault(f"{path} is damaged, or not a zip archive: {_said(error)}.") from error


def is_plain_archive(content: bytes) -> bool:
    """Whether `content` is a zip whose members are stored uncompressed, so that it unpacks to no more than its own size."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            infos = archive.infolist()
    except _FAULTS:
        return False
    stored = all(info.compress_type == zipfile.ZIP_STORED for info in infos)
    return stored and sum(info.file_size for info in infos) <= len(content)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The member's content, of exactly the size that the archive states. The reader checks its CRC at the end."""
    with archive.open(info) as member:
        content = member.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise zipfile.BadZipFile(f"{info.filename} has another size than the archive states")
    return content


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
