"""`LogMotion`: logs as tensors, from which training draws single control steps and windows."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mosim_gym.data.logs import Logs
from mosim_gym.data.stream import Transitions, transitions_between
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.symmetry import BodyTurns

Array = np.ndarray


class LogMotion:
    """All control steps of logs, each with the commands before it.

    `steps` has a row for each of N control steps. `steps.action (N, (memory + 1) nu)` are the commands before, the oldest first, and the
    present one. Before the first command of a segment they are taken to equal it.
    """

    def __init__(self, robot: Robot, logs: Logs, memory: int, turns: BodyTurns | None = None) -> None:
        """Commands are clipped to the range of the actuators of `robot`. What is drawn is turned at random by `turns`, if there are any."""
        self.turns = turns
        lengths = torch.from_numpy(np.asarray(logs.lengths, np.int64))
        here = _rows(logs, 0)
        first = np.repeat(logs.starts[:-1], logs.lengths)
        past = np.maximum(here[:, None] - np.arange(memory, -1, -1), first[:, None])
        low, high = robot.control_range
        commands = np.clip(np.asarray(logs.actions), low, high)[past].reshape(len(here), -1)

        def states(rows: Array) -> list[Tensor]:
            return [torch.from_numpy(np.ascontiguousarray(part[rows])) for part in (logs.qpos, logs.qvel)]

        none = torch.zeros(len(here), 0, dtype=torch.float64)
        self.steps = transitions_between(robot, states(here), torch.from_numpy(commands), states(here + 1), none)
        ends = torch.repeat_interleave(torch.cumsum(lengths, 0), lengths)
        self._after = ends - torch.arange(len(here))  # control steps from each one to its segment's end
        self._room = int(torch.sort(self._after, descending=True).values[len(here) // 4])
        self._starts: dict[int, Tensor] = {}

    def longest(self, wanted: int) -> int:
        """The longest window, of at most `wanted` control steps, that begins with at least a quarter of all control steps."""
        return max(1, min(wanted, self._room))

    def starts(self, horizon: int) -> Tensor:
        """The control steps with which a window of `horizon` begins that lies within its segment."""
        if horizon not in self._starts:
            self._starts[horizon] = torch.nonzero(self._after >= horizon).squeeze(1)
        return self._starts[horizon]

    def windows(self, starts: Tensor, horizon: int) -> Transitions:
        """The windows of `horizon` control steps that begin with `starts (B,)`, `(B, horizon, …)`; for 1, `(B, …)`."""
        rows = starts if horizon == 1 else starts[:, None] + torch.arange(horizon)
        return Transitions(*(column[rows] for column in self.steps))

    def drawn(self, horizon: int, count: int, generator: torch.Generator, only: Tensor | None = None) -> Transitions:
        """So many random windows. `only` are the starts to draw from."""
        starts = self.starts(horizon) if only is None else only
        drawn = self.windows(starts[torch.randint(len(starts), (count,), generator=generator)], horizon)
        if self.turns is None:
            return drawn
        return _turned(drawn, self.turns, torch.randint(len(self.turns), (count,), generator=generator))

    def spread(self, horizon: int, most: int, members: int) -> Transitions:
        """Up to `most` windows at even distances, a multiple of `members` of them."""
        starts = self.starts(horizon)
        count = max(1, min(most, len(starts)) // members)
        place = torch.linspace(0, len(starts) - 1, count * members).round().long()
        found = self.windows(starts[place], horizon)
        return found if self.turns is None else _turned(found, self.turns, torch.arange(len(place)) % len(self.turns))


def _turned(windows: Transitions, turns: BodyTurns, turn: Tensor) -> Transitions:
    """Windows `(B, …)`, each after the turn number `turn (B,)`."""
    each = turn.reshape(-1, *[1] * (windows.qpos.dim() - 2)).expand(windows.qpos.shape[:-1])
    moved = [turns.velocities(part, each) for part in (windows.qvel, windows.acceleration, windows.drift)]
    return windows._replace(
        qpos=turns.positions(windows.qpos, each), qvel=moved[0], acceleration=moved[1], drift=moved[2]
    )


def _rows(logs: Logs, after: int) -> Array:
    """The first row of each control step, or the row so many after it."""
    rows = np.arange(len(logs.qpos))
    return np.delete(rows, logs.starts[1:] - 1) + after
