"""Windows of true motion: the batches that world models learn from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics.motion import Segments
from mosim_gym.mechanics.world_model import MotionData


class Window(NamedTuple):
    """L successive control steps: `qpos (B, L + 1, nq)`, `qvel (B, L + 1, nv)`, `actions (B, L, nu)`, float32."""

    qpos: Tensor
    qvel: Tensor
    actions: Tensor

    @property
    def steps(self) -> int:
        """L."""
        return self.actions.shape[1]


class Windows:
    """Draws windows of `length` control steps from the latest `held` blocks of `data`.

    `first` blocks are read at once, and one more before each of the training steps `every`, 2 `every`, …, as long as there are more.
    So the windows of a step depend on the data and the step only, and endless data never fills the memory. Blocks whose segments are
    shorter than a window are left out. Windows begin at control steps 0, `stride`, 2 `stride`, … of a segment.
    """

    def __init__(
        self,
        data: MotionData,
        length: int,
        *,
        first: int,
        held: int,
        every: int,
        device: torch.device,
        stride: int = 1,
    ) -> None:
        """Raises `ValueError` where none of the first blocks has segments of `length` control steps."""
        self.length, self._stride, self._device = length, stride, device
        self._held, self._every = held, every
        self._left = iter(data.blocks())
        self._blocks: list[Window] = []
        self.transitions = 0
        """Control steps that were read so far."""
        longest = max((self._read() for _ in range(first)), default=0)
        if not self._blocks:
            raise ValueError(
                f"The data have segments of {longest} control steps; windows of {length} need segments of at least {length}."
            )

    def _read(self) -> int:
        """Read one block; returns the length of its segments, 0 where there are no more."""
        block = next(self._left, None)
        if block is None:
            return 0
        if (steps := block.actions.shape[1]) >= self.length and len(block.actions):
            self._blocks = [*self._blocks, self._window(block)][-self._held :]
            self.transitions += block.transitions
        return steps

    def _window(self, block: Segments) -> Window:
        parts = (block.qpos, block.qvel, block.actions)
        return Window(*(torch.from_numpy(np.asarray(part, np.float32)).to(self._device) for part in parts))

    def sample(self, rows: int, generator: torch.Generator) -> Window:
        """`rows` windows of the first block alone, such as those from which whitening takes its numbers."""
        return self._drawn(self._blocks[0], rows, generator)

    def draw(self, step: int, rows: int, generator: torch.Generator) -> Window:
        """The `rows` windows of training step `step`, all of one block. Each window of the data is equally likely."""
        if step and step % self._every == 0:
            self._read()
        counts = torch.tensor([float(self._starts(block) * len(block.actions)) for block in self._blocks])
        chosen = int(torch.multinomial(counts, 1, generator=generator))
        return self._drawn(self._blocks[chosen], rows, generator)

    def _starts(self, block: Window) -> int:
        return (block.steps - self.length) // self._stride + 1

    def _drawn(self, block: Window, rows: int, generator: torch.Generator) -> Window:
        row, place = (
            torch.randint(most, (rows, 1), generator=generator).to(self._device)
            for most in (len(block.actions), self._starts(block))
        )
        at = self._stride * place + torch.arange(self.length + 1, device=self._device)
        return Window(block.qpos[row, at], block.qvel[row, at], block.actions[row, at[:, :-1]])
