"""Keeps freed memory in the process, so that a loop that makes the same large arrays repeatedly needs no fresh pages."""

from __future__ import annotations

import ctypes
from functools import lru_cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's mallopt
KEPT = 512 << 20  # bytes at most of freed memory kept at the end of the heap
LARGEST = 32 << 20  # bytes; larger arrays are still mapped and unmapped one by one


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Tell glibc's allocator to reuse freed blocks of up to 32 MiB, in place of returning them to the system; True if it took effect.

    Without this every hidden layer of a batch of 1,024 costs hundreds of page faults, a third of a prediction's time.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return False
    return bool(mallopt(_TRIM_THRESHOLD, KEPT) and mallopt(_MMAP_THRESHOLD, LARGEST))
