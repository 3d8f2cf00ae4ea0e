"""Memory: how much there is, and keeping what is freed.

A loop that makes the same large arrays repeatedly needs no fresh pages where freed memory stays in the process.
"""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from pathlib import Path

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


def memory_size() -> int:
    """Bytes of memory that this process can have: the machine's, or fewer where a control group has a limit."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    said = limit.read_text().strip() if limit.is_file() else "max"
    return min(machine, int(said)) if said.isdecimal() else machine


def check_memory(name: str, value: int, wanted: int, what: str) -> None:
    """Raise, in one sentence, where the setting `name` wants more bytes of memory than there are for so many `what`."""
    if wanted > memory_size():
        raise ValueError(
            f"{name} is {value:,}; so many {what} take {wanted / 1e9:,.0f} GB of memory, and this machine has "
            f"{memory_size() / 1e9:,.0f} GB."
        )
