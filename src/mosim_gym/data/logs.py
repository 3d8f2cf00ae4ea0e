"""`Logs`: measured motion of one robot, in segments of different lengths.

    qpos     (rows, nq)   float64, positions; quaternions are unit and `(w, x, y, z)`
    qvel     (rows, nv)   velocities, as MuJoCo has them: of a free joint linear in the world, then angular in the body
    actions  (rows, nu)   controls in the actuators' units; that of a row is held until the next row
    starts   (S + 1,)     segment i has the rows from starts[i] to before starts[i + 1]

Rows of a segment are one control step apart. The action of a segment's last row moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from mosim_gym.data.arrays import not_finite
from mosim_gym.mechanics.motion import Segments
from mosim_gym.mechanics.numbers import check_seed, positive_number, whole_number
from mosim_gym.mechanics.robot import Robot

if TYPE_CHECKING:
    from mosim_gym.data.report import Report

Array = np.ndarray
BLOCK = 1000  # segments in a block
BLOCK_STEPS = 40
"""The number of control steps in most segments of a block."""


class Segment(NamedTuple):
    """Uninterrupted motion of n control steps: `qpos (n + 1, nq)`, `qvel (n + 1, nv)`, and the `actions (n, nu)` between the states."""

    qpos: Array
    qvel: Array
    actions: Array


@dataclass(frozen=True, eq=False)
class Logs:
    """Measured motion of `robot` (see the module's docstring).

    `len(logs)` is the number of segments, `logs[i]` is one of them, and `logs[:3]` are the logs of the first three.
    """

    robot: Robot
    qpos: Array
    qvel: Array
    actions: Array
    starts: Array
    sources: tuple[str, ...] = ()
    """For each segment, the file that it comes from and its name there."""
    notes: tuple[str, ...] = ()
    """What the import guessed or changed, a sentence each."""
    logged_step: float | None = None
    """Seconds between the rows of the files, where these were resampled to the robot's control step."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for arrays that do not fit the robot or one another, and for numbers that are not finite."""
        rows = len(self.qpos)
        for name, width in (("qpos", self.robot.nq), ("qvel", self.robot.nv), ("actions", self.robot.nu)):
            array = getattr(self, name)
            if array.shape != (rows, width) or array.dtype != np.float64:
                raise ValueError(
                    f"{name} is {array.dtype} of shape {array.shape}; logs of {self.robot.name} need float64 of shape ({rows}, {width})."
                )
            if (odd := not_finite(array)) is not None:
                raise ValueError(f"{name} of the logs is not finite in row {odd[0]}, column {odd[1]}.")
        starts = self.starts
        lengths = np.diff(starts)
        if starts.ndim != 1 or len(starts) < 2 or starts[0] != 0 or starts[-1] != rows or lengths.min() < 2:
            raise ValueError(f"starts must lead from 0 to {rows} rows, by at least two rows for each segment.")
        if not self.sources:
            object.__setattr__(self, "sources", tuple(f"segment {i}" for i in range(len(self))))
        if len(self.sources) != len(self):
            raise ValueError(f"There are {len(self.sources)} sources for {len(self)} segments.")

    @classmethod
    def of_segments(cls, robot: Robot, segments: Segments) -> Logs:
        """Segments of equal length, as a `Dataset` has them (`dataset[:]`), as logs. Their sensor readings are left out."""
        count, rows = segments.qpos.shape[:2]
        actions = np.concatenate((segments.actions, segments.actions[:, -1:]), axis=1)
        parts = (segments.qpos, segments.qvel, actions)
        flat = (np.array(part, np.float64).reshape(count * rows, part.shape[-1]) for part in parts)
        return cls(robot, *flat, starts=np.arange(count + 1) * rows)

    def __repr__(self) -> str:
        """The robot, and how much motion there is."""
        step = self.control_step
        return f"Logs({self.robot.name!r}, segments={len(self)}, seconds={self.seconds:.1f}, control_step={step:g})"

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> Segment: ...

    @overload
    def __getitem__(self, index: slice) -> Logs: ...

    def __getitem__(self, index: int | slice) -> Segment | Logs:
        """Segment `index`, or the logs of a slice of the segments."""
        if isinstance(index, slice):
            return self.subset(range(*index.indices(len(self))))
        number = whole_number(index)
        if number is None:
            raise TypeError(f"{index!r} is no segment; give a whole number, or a slice such as logs[:2].")
        if not -len(self) <= number < len(self):
            raise IndexError(f"There is no segment {number}: these logs have {len(self)}.")
        first, last = (int(row) for row in self.starts[number % len(self) :][:2])
        return Segment(self.qpos[first:last], self.qvel[first:last], self.actions[first : last - 1])

    def __iter__(self) -> Iterator[Segment]:
        return (self[i] for i in range(len(self)))

    @property
    def control_step(self) -> float:
        """Seconds from one row to the next."""
        return self.robot.control_step

    @cached_property
    def lengths(self) -> Array:
        """The number of control steps in each segment, `(S,)`."""
        return np.diff(self.starts) - 1

    @property
    def transitions(self) -> int:
        """The number of control steps in all segments."""
        return len(self.qpos) - len(self)

    @property
    def seconds(self) -> float:
        """The duration of the motion in all segments."""
        return self.transitions * self.control_step

    def states(self) -> tuple[Array, Array]:
        """All states, `(rows, nq)` and `(rows, nv)`."""
        return self.qpos, self.qvel

    def subset(self, segments: Sequence[int] | Array) -> Logs:
        """The logs of these segments alone, in this order."""
        chosen = np.arange(len(self))[np.asarray(segments)].reshape(-1) if len(segments) else np.arange(0)
        if not len(chosen):
            raise ValueError("A subset needs at least one segment.")
        rows = _ranges(self.starts[chosen], self.starts[chosen + 1])
        return replace(
            self,
            qpos=self.qpos[rows],
            qvel=self.qvel[rows],
            actions=self.actions[rows],
            starts=np.concatenate(([0], np.cumsum(self.lengths[chosen] + 1))),
            sources=tuple(self.sources[i] for i in chosen),
        )

    def split(self, share: float = 0.1, seed: int = 0) -> tuple[Logs, Logs]:
        """Logs to learn from, and held-out logs with about `share` of all control steps: whole segments, drawn by `seed`.

        Both have at least one segment. A single segment is cut in two, and its end is held out.
        """
        check_seed(seed)
        if not 0 < share < 1:
            raise ValueError(f"share is {share:g}; it must be a number between 0 and 1.")
        if len(self) == 1:
            return self._cut(share)
        order = np.random.default_rng(seed).permutation(len(self))
        until = np.cumsum(self.lengths[order])
        count = int(np.clip(np.searchsorted(until, share * self.transitions) + 1, 1, len(self) - 1))
        return self.subset(np.sort(order[count:])), self.subset(np.sort(order[:count]))

    def _cut(self, share: float) -> tuple[Logs, Logs]:
        """The beginning and the end of the only segment."""
        rows = len(self.qpos)
        if rows < 4:
            raise ValueError("A single segment of fewer than four rows cannot be split; import more motion.")
        place = int(np.clip(round(rows * (1 - share)), 2, rows - 2))
        return self._rows(0, place), self._rows(place, rows)

    def _rows(self, first: int, last: int) -> Logs:
        parts = {name: getattr(self, name)[first:last] for name in ("qpos", "qvel", "actions")}
        return replace(self, **parts, starts=np.array([0, last - first]))

    def windows(self, steps: int, stride: int | None = None) -> Segments:
        """All windows of `steps` control steps, which begin every `stride` rows of each segment (by default every `steps` rows).

        Segments that are shorter have none. Raises `ValueError` if all are shorter. Windows that overlap are copies.
        """
        steps = positive_number(steps, "steps")
        stride = steps if stride is None else positive_number(stride, "stride")
        counts = np.where(self.lengths >= steps, (self.lengths - steps) // stride + 1, 0)
        if not counts.any():
            raise ValueError(
                f"The longest segment has {self.lengths.max()} control steps, too few for a window of {steps}; choose shorter windows."
            )
        first = np.repeat(self.starts[:-1], counts) + stride * _ranges(np.zeros_like(counts), counts)
        return self._gathered(first, steps)

    def _gathered(self, first: Array, steps: int) -> Segments:
        """The segments of `steps` control steps that begin with the rows `first`."""
        rows = first[:, None] + np.arange(steps + 1)
        moved = rows[:, :-1]
        return Segments(self.qpos[rows], self.qvel[rows], self.actions[moved], np.zeros((*moved.shape, 0)))

    def blocks(self) -> Iterator[Segments]:
        """All control steps, each once, in blocks of up to 1,000 segments of equal length.

        The first blocks have segments of 40 control steps, or as many as the longest segment has. Then come the ends of segments.
        """
        steps = min(BLOCK_STEPS, int(self.lengths.max()))
        whole = self.lengths // steps
        first = np.repeat(self.starts[:-1], whole) + steps * _ranges(np.zeros_like(whole), whole)
        for begin in range(0, len(first), BLOCK):
            yield self._gathered(first[begin : begin + BLOCK], steps)
        rest, place = self.lengths % steps, self.starts[:-1] + steps * whole
        for length in np.unique(rest[rest > 0])[::-1]:
            ends = place[rest == length]
            for begin in range(0, len(ends), BLOCK):
                yield self._gathered(ends[begin : begin + BLOCK], int(length))

    def save(self, folder: str | Path) -> Path:
        """Write the logs to `folder`, in place of logs that it holds; an interruption leaves either the old logs or the new."""
        from mosim_gym.data.log_files import save_logs

        return save_logs(self, Path(folder))

    def to_parquet(self, path: str | Path) -> Path:
        """Write one Parquet file, which `import_logs` reads; needs the extra `parquet`."""
        from mosim_gym.data.exporting import to_parquet

        return to_parquet(self, Path(path))

    def to_minari(self, dataset_id: str) -> None:
        """Make the Minari dataset `dataset_id` (as `arm/logs-v0`), which `import_logs` reads; needs the extra `minari`."""
        from mosim_gym.data.exporting import to_minari

        to_minari(self, dataset_id)

    def report(self) -> Report:
        """What the logs hold, and what to do about what is missing in them or looks wrong."""
        from mosim_gym.data.report import report

        return report(self)


def joined(logs: Sequence[Logs]) -> Logs:
    """All logs of one robot after one another. Of their `logged_step` the longest counts."""
    if len(logs) == 1:
        return logs[0]
    steps = [part.logged_step for part in logs if part.logged_step is not None]
    ends = np.cumsum([0, *(len(part.qpos) for part in logs)])
    return replace(
        logs[0],
        qpos=np.concatenate([part.qpos for part in logs]),
        qvel=np.concatenate([part.qvel for part in logs]),
        actions=np.concatenate([part.actions for part in logs]),
        starts=np.concatenate([[0], *(part.starts[1:] + end for part, end in zip(logs, ends, strict=False))]),
        sources=tuple(source for part in logs for source in part.sources),
        notes=tuple(dict.fromkeys(note for part in logs for note in part.notes)),
        logged_step=max(steps, default=None),
    )


def _ranges(first: Array, last: Array) -> Array:
    """The whole numbers from `first[i]` to before `last[i]` for each i, in one array."""
    counts = last - first
    skipped = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return np.arange(counts.sum()) + skipped
