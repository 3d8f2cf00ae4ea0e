"""Threads and arithmetic that the package sets for itself while it computes. Afterwards the user's settings hold again.

Torch's number of threads belongs to the thread that calls. The threads that torch starts inside an operation wait for one another at its
end. Beside any other work on the machine, every small operation then waits for the thread that was interrupted. So few rows are computed on
one thread, and large batches by `Shards`: every worker, itself a single thread for torch, computes some rows from start to end.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext
from threading import Barrier, Lock

import torch
from torch import Tensor, get_default_dtype, get_num_threads, is_autocast_enabled, set_num_threads

from mosim_gym.mechanics.typed_torch import Compute, matmul_precision


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class OneThread:
    """A context in which torch computes on the calling thread alone, and starts no pool of threads.

    Contexts may be nested. Each use needs an object of its own.
    """

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = torch.get_num_threads()
        if self._before != 1:
            torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        if self._before != 1:
            torch.set_num_threads(self._before)


class OwnArithmetic:
    """A context in which float32 is float32, whatever precision of products, autocast and default type the program has set.

    With `alone` torch computes on the calling thread alone, as in `OneThread`. Threads that use the same object take turns. An object
    cannot be nested in itself. A copy is a fresh object.
    """

    def __init__(self, device: torch.device, *, alone: bool = True) -> None:
        """The settings are those of `device`."""
        self._device, self._alone = device.type, alone
        self._turn = Lock()
        self._found = (1, "highest", False, torch.float32)

    def __getstate__(self) -> tuple[str, bool]:
        return self._device, self._alone

    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.__init__(torch.device(state[0]), alone=state[1])

    def __enter__(self) -> None:
        self._turn.acquire()
        try:
            products = matmul_precision()
        except RuntimeError:  # the program has set it by torch's newer names, and it is left as it is
            products = "highest"
        autocast, dtype = is_autocast_enabled(self._device), get_default_dtype()
        threads = get_num_threads() if self._alone else 1
        self._found = threads, products, autocast, dtype
        if threads != 1:
            set_num_threads(1)
        if products != "highest" or autocast or dtype is not torch.float32:
            self._set("highest", False, torch.float32)

    def __exit__(self, *_: object) -> None:
        threads, products, autocast, dtype = self._found
        if threads != 1:
            set_num_threads(threads)
        if products != "highest" or autocast or dtype is not torch.float32:
            self._set(products, autocast, dtype)
        self._turn.release()

    def _set(self, products: str, autocast: bool, dtype: torch.dtype) -> None:
        if torch.get_default_dtype() is not dtype:
            torch.set_default_dtype(dtype)
        torch.set_autocast_enabled(self._device, autocast)
        if self._found[1] != "highest":
            torch.set_float32_matmul_precision(products)


SHARD_ROWS = 256
"""The smallest shard, in rows. With fewer, the meeting at the step's end costs more than the second core gains."""
PART_ROWS = 2048
"""Rows of a part. A thread that has done its part takes the next one, so a thread that is interrupted takes fewer."""


def is_few(rows: int) -> bool:
    """Whether a batch has too few rows for shards."""
    return rows < 2 * SHARD_ROWS


def alone(rows: int) -> OneThread | nullcontext[None]:
    """A context with one thread for few rows, and with the user's number of threads for many rows that are not divided into shards."""
    return OneThread() if is_few(rows) else nullcontext()


def shards_for(rows: int, unit: int) -> Shards | None:
    """Shards of a batch of `rows`, as many as cores and the user's number of threads allow; None if that is one.

    Parts begin at multiples of `unit` rows. 0 means that rows depend on one another.
    """
    count = min(usable_cores(), torch.get_num_threads(), rows // SHARD_ROWS) if unit else 1
    return Shards(rows, count, unit=unit) if count > 1 else None


class Shards:
    """The rows of a batch in parts. One thread computes each part from start to end, and `threads` threads meet only at the end of all.

    The parts depend only on the numbers given here, and results depend only on the parts.
    """

    def __init__(self, rows: int, threads: int, *, unit: int = 1) -> None:
        """Parts begin at multiples of `unit` rows."""
        self.rows, self.threads = rows, threads
        parts = threads * max(1, round(rows / (threads * PART_ROWS)))
        share = -(-rows // (unit * parts)) * unit
        self.parts = [slice(start, min(start + share, rows)) for start in range(0, rows, share)]
        self.sizes = {part.stop - part.start for part in self.parts}
        self._like: list[tuple[torch.Size, torch.dtype]] | None = None  # of one row of each output

    def __call__(self, compute: Compute, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """`compute(*inputs)` without gradients. A row of an output must depend only on the same row of the inputs."""
        inference = torch.is_inference_mode_enabled()
        if self._like is None:
            with torch.no_grad():
                outputs = [compute(*(x[rows] for x in inputs)) for rows in self.parts]
            self._like = [(x.shape[1:], x.dtype) for x in outputs[0]]
            return tuple(torch.cat(column) for column in zip(*outputs, strict=True))
        whole = tuple(torch.empty((self.rows, *size), dtype=dtype) for size, dtype in self._like)
        left = iter(self.parts)  # which the threads share

        def shard() -> None:
            with torch.inference_mode(inference), torch.no_grad():
                for rows in left:
                    for there, output in zip(whole, compute(*(x[rows] for x in inputs)), strict=True):
                        there[rows] = output

        pool = _workers(self.threads - 1)
        others = [pool.submit(shard) for _ in range(self.threads - 1)]
        try:
            shard()
        finally:
            wait(others)  # nobody writes into a batch that is no longer waited for
        for other in others:
            other.result()
        return whole


_pool: tuple[int, ThreadPoolExecutor] | None = None
_pool_lock = Lock()


def _workers(count: int) -> ThreadPoolExecutor:
    """At least `count` threads, on each of which torch computes alone. All batches of the process share them."""
    global _pool
    with _pool_lock:
        if _pool is None or _pool[0] < count:
            count = max(count, usable_cores() - 1)
            started = Barrier(count + 1)

            def begin() -> None:
                torch.set_num_threads(1)
                started.wait()

            pool = ThreadPoolExecutor(count, thread_name_prefix="mosim_gym", initializer=begin)
            for _ in range(count):
                pool.submit(int)
            started.wait()
            # Threads that anyone starts later begin with the number that was set last.
            torch.set_num_threads(torch.get_num_threads())
            _pool = count, pool
        return _pool[1]


def _begin_in_child() -> None:
    """A forked process has none of its parent's threads. Torch and batches would wait for them for ever, so both begin anew."""
    global _pool, _pool_lock
    _pool, _pool_lock = None, Lock()
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)
