"""`Executor`: who runs independent tasks, such as chunks of a collection: this process, or the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs tasks that do not depend on one another."""

    threads: int | None
    """The threads that a task may use; None for all cores."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The results of `function`, in the order of `items`. There may be endlessly many items: those are run that are asked for, and
        possibly some more. A task may be run more than once, so it must give the same result each time.
        """
        ...


class Here:
    """This process runs one task after another."""

    threads: int | None = None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The results of `function`, in the order of `items`. A task is run when its result is asked for."""
        return map(function, items)


HERE = Here()
"""This process."""
