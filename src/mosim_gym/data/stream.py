"""Fresh true motion while a model trains: chunk c is a function of (recipe, seed, c) alone, simulated ahead by a background process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mosim_gym.data.collection import Collector, Recipe
from mosim_gym.robots import load_robot

Array = np.ndarray


class Transitions(NamedTuple):
    """N single control steps, float32 but for the next state's differences, which are taken in float64 before they are rounded.

    `acceleration` is `(v' - v)/h`; `drift` is `(q' ⊖ q)/h - (v + v')/2`.
    """

    qpos: Tensor
    qvel: Tensor
    action: Tensor
    acceleration: Tensor
    drift: Tensor


_collector: tuple[tuple[str, str | Recipe], Collector] | None = None


def chunk(robot: str, recipe: str | Recipe, seed: int, number: int, segments: int) -> tuple[list[Array], int]:
    """The arrays of `Transitions` of chunk `number`, and how many segments were dropped; the same for the same arguments."""
    from mosim_gym.dynamics.solvers import mean_motion

    global _collector  # one simulator for each process, opened once
    if _collector is None or _collector[0] != (robot, recipe):
        _collector = ((robot, recipe), Collector(robot, recipe))
    collector = _collector[1]
    before = collector.dropped
    data = collector.collect(np.random.default_rng([seed, number]), segments)
    here = [torch.from_numpy(x[:, :-1]).flatten(0, 1) for x in (data.qpos, data.qvel)]
    there = [torch.from_numpy(x[:, 1:]).flatten(0, 1) for x in (data.qpos, data.qvel)]
    motion = mean_motion(load_robot(robot), *here, *there)
    assert motion.drift is not None
    columns = (*here, torch.from_numpy(data.actions).flatten(0, 1), motion.acceleration, motion.drift)
    return [column.float().numpy() for column in columns], collector.dropped - before


class Stream:
    """Chunks of transitions in order, from `first` on; use as a context manager."""

    def __init__(
        self, robot: str, recipe: str | Recipe, *, seed: int, segments: int, first: int = 0, ahead: int = 1
    ) -> None:
        """`segments` a chunk; `ahead` chunks are simulated before they are asked for."""
        self._arguments = (robot, recipe, seed)
        self._segments, self._next = segments, first
        self._ahead = max(1, ahead)
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        self._pending: list[Future[tuple[list[Array], int]]] = []
        self.dropped = 0

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __iter__(self) -> Iterator[Transitions]:
        return self

    def __next__(self) -> Transitions:
        """The next chunk."""
        while len(self._pending) <= self._ahead:
            self._pending.append(self._pool.submit(chunk, *self._arguments, self._next, self._segments))
            self._next += 1
        columns, dropped = self._pending.pop(0).result()
        self.dropped += dropped
        return Transitions(*(torch.from_numpy(column) for column in columns))
