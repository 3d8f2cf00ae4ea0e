"""Fresh true motion while a model trains. A background process simulates it ahead; chunk c is a function of (recipe, seed, c) alone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mosim_gym.data.collection import Collector, Recipe
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.interruption import signals_held
from mosim_gym.mechanics.motion import Segments
from mosim_gym.robots import load_robot

Array = np.ndarray


class Transitions(NamedTuple):
    """Single control steps in order, `(S, T, …)` for S segments or `(B, …)` for a batch, float32.

    `acceleration` is `(v' - v)/h` and `drift` is `(q' ⊖ q)/h - (v + v')/2`. Both are computed in float64 and then rounded.
    `sensors` are the readings at the end of the step, as `log(1 + x)`.
    """

    qpos: Tensor
    qvel: Tensor
    action: Tensor
    acceleration: Tensor
    drift: Tensor
    sensors: Tensor


def transitions_between(
    robot: Robot, here: Sequence[Tensor], action: Tensor, there: Sequence[Tensor], readings: Tensor
) -> Transitions:
    """Transitions from the states `here`, as `(qpos, qvel)`, to those `there` one control step later, with the sensor readings there."""
    from mosim_gym.dynamics.solvers import mean_motion

    motion = mean_motion(robot, *here, *there)
    assert motion.drift is not None
    columns = (*here, action, motion.acceleration, motion.drift, readings.clamp(min=0).log1p())
    return Transitions(*(column.float() for column in columns))


def transitions(robot: str, data: Segments) -> Transitions:
    """The single control steps of whole segments."""
    here = [torch.from_numpy(x[:, :-1]) for x in (data.qpos, data.qvel)]
    there = [torch.from_numpy(x[:, 1:]) for x in (data.qpos, data.qvel)]
    return transitions_between(
        load_robot(robot), here, torch.from_numpy(data.actions), there, torch.from_numpy(data.sensors)
    )


_collector: tuple[tuple[str, str | Recipe], Collector] | None = None


def chunk(robot: str, recipe: str | Recipe, seed: int, number: int, segments: int) -> tuple[list[Array], int]:
    """The arrays of `Transitions` of chunk `number`, and the number of dropped segments. Equal arguments give equal results."""
    global _collector  # one simulator for each process, opened once
    if _collector is None or _collector[0] != (robot, recipe):
        _collector = ((robot, recipe), Collector(robot, recipe))
    collector = _collector[1]
    before = collector.dropped
    data = collector.collect(np.random.default_rng([seed, number]), segments)
    return [column.numpy() for column in transitions(robot, data)], collector.dropped - before


def _serve(connection: Connection, robot: str, recipe: str | Recipe, seed: int, segments: int) -> None:
    """The background process: answer chunk numbers with chunks until the other side closes the connection or dies."""
    while True:
        try:
            number = connection.recv()
            connection.send(chunk(robot, recipe, seed, number, segments))
        except (EOFError, ConnectionError):
            return


class Stream:
    """Chunks of transitions in order, from `first` on. Use it as a context manager."""

    def __init__(
        self, robot: str, recipe: str | Recipe, *, seed: int, segments: int, first: int = 0, ahead: int = 1
    ) -> None:
        """Each chunk has `segments` segments. `ahead` chunks are simulated in advance."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        arguments = (theirs, robot, recipe, seed, segments)
        self._process = context.Process(target=_serve, args=arguments, daemon=True, name=f"{robot} stream")
        with signals_held():
            self._process.start()
        Finalize(
            self, self._process.kill, exitpriority=1
        )  # ending signals do not reach it, also not those of the program's end
        theirs.close()  # so that either side notices when the other is gone
        self._next = first
        for _ in range(max(1, ahead)):
            self._order()
        self.dropped = 0

    def _order(self) -> None:
        self._connection.send(self._next)
        self._next += 1

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the background process."""
        self._connection.close()
        self._process.kill()
        self._process.join()

    def __iter__(self) -> Iterator[Transitions]:
        return self

    def __next__(self) -> Transitions:
        """The next chunk."""
        try:
            self._order()
            columns, dropped = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            raise RuntimeError(
                f"The process that simulates the data ({self._process.name}) has ended; see its message above. A script that trains must "
                'put its work under `if __name__ == "__main__":`, because that process imports the script again.'
            ) from error
        self.dropped += dropped
        return Transitions(*(torch.from_numpy(column) for column in columns))
