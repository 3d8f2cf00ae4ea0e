"""`FolderLock`: one process at a time writes to the folder of a run; what a killed one left behind is swept away.

The lock is one of the system's, on a hidden file in the folder. It ends with the process that holds it, however that ends. Where processes
share a folder and each writes a file of its own, the lock is of that file alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import weakref
from collections import Counter
from pathlib import Path

from mosim_gym.mechanics.storage import FileFault

LOCK = ".running"
_UNGUARDED = (errno.ENOLCK, errno.ENOTSUP, errno.EROFS, errno.EACCES, errno.EEXIST, errno.ENOTDIR)
"""Errors of file systems without locks, and of folders that are none or in which nothing can be written: runs say so themselves."""
_TEMPORARY = re.compile(r"\..+\.(safetensors|json|mp4|png)\.[a-z0-9_]{8}")
"""A file that was being written, as `write_atomically` names it."""

_handles: dict[Path, int] = {}
_holders: Counter[Path] = Counter()


class InUse(FileFault):
    """Another process holds the lock."""


class FolderLock:
    """As long as this object lives no other process can have one of the same folder. In one process there may be several."""

    def __init__(self, folder: Path, part: str | None = None) -> None:
        """Take the lock; with `part` that of the file `part` in the folder. Raises `InUse` if another process holds it."""
        said = folder if part is None else folder / part
        try:
            folder.mkdir(parents=True, exist_ok=True)
            place = folder.resolve() / (LOCK if part is None else f".{part}{LOCK}")
            if place not in _handles:
                _handles[place] = _locked(place, said)
                if part is None:
                    _sweep(place.parent)
        except OSError as error:
            if error.errno not in _UNGUARDED:
                raise
            return
        _holders[place] += 1
        weakref.finalize(self, _leave, place, os.getpid())


def _locked(path: Path, said: Path) -> int:
    """The handle of the lock file at `path`, which this process alone holds."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, handle):
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
                return handle
        except BlockingIOError as error:
            other = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            os.close(handle)
            raise InUse(
                f"{said} is in use: {f'process {other}' if other else 'another process'} runs there; wait for its end, or choose another "
                "folder."
            ) from error
        except OSError:
            os.close(handle)
            raise
        os.close(handle)  # another process removed this file at its end, between our opening and our locking it


def _is_at(path: Path, handle: int) -> bool:
    """Whether the open file is still the one at `path`."""
    try:
        there, mine = path.stat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def _sweep(place: Path) -> None:
    for path in place.iterdir():
        if _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _leave(place: Path, process: int) -> None:
    """Give the lock up with its last holder in the process that took it; one that was forked off has nothing to give up."""
    if process != os.getpid():
        return
    _holders[place] -= 1
    if not _holders[place]:
        del _holders[place]
        place.unlink(missing_ok=True)
        os.close(_handles.pop(place))
