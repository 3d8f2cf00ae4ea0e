"""`RayExecutor`: tasks of this package on a cluster of Ray, or on one that Ray starts on this machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from mosim_gym.mechanics.executor import HERE, Executor
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.version import __version__

Item = TypeVar("Item")
Result = TypeVar("Result")
WORKERS = ("ray",)
"""The values of `--workers`."""
RETRIES = 20
"""How often a task is run again whose worker or machine is gone."""
AHEAD = 2
"""Tasks that are submitted for each core of the cluster."""


class OtherVersion(RuntimeError):
    """A worker of the cluster has another version of this package."""


class RayExecutor:
    """Runs each task on one core of a cluster. A task whose worker is gone is run again."""

    threads: int | None = 1

    def __init__(self, address: str | None = None) -> None:
        """Use the cluster at `address`; by default the one that Ray finds, and if there is none one on this machine.

        The first task connects to it, or begins it. Until then, whoever asks for tasks has checked names and folders. A program that has
        called `ray.init` stays connected to its own cluster.
        """
        self._ray: Any = import_extra("ray", "ray", "--workers ray")
        self._address = address

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The results of `function`, in the order of `items`, of which twice as many are under way as the cluster has cores."""
        ray = self._ray
        if not ray.is_initialized():
            ray.init(address=self._address)
        task = ray.remote(_run).options(num_cpus=1, max_retries=RETRIES)
        at_once = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        under_way: deque[Any] = deque()
        try:
            for item in items:
                under_way.append(task.remote(__version__, function, item))
                if len(under_way) >= at_once:
                    yield ray.get(under_way.popleft())
            while under_way:
                yield ray.get(under_way.popleft())
        finally:
            for one in under_way:
                ray.cancel(one, force=True)


def _run(version: str, function: Callable[[Item], Result], item: Item) -> Result:
    """The result of a task, on a worker."""
    if version != __version__:
        raise OtherVersion(
            f"This worker has mosim_gym {__version__}, and the program {version}; install one version on all machines of the cluster."
        )
    return function(item)


def executor(workers: str | None) -> Executor:
    """Who runs the tasks of a command with `--workers`: this process if it is None."""
    if workers is None:
        return HERE
    if workers not in WORKERS:
        raise UnknownName("kind of workers", workers, list(WORKERS))
    return RayExecutor()
