"""Windows hold successive control steps of the data, and the data of a training step depend on the step only."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.mechanics.motion import Segments
from mosim_gym.world_models.windows import Windows

CPU = torch.device("cpu")


class Counted:
    """Blocks of segments whose positions count control steps; those of block b begin at 100 b."""

    robot = "pendulum"

    def __init__(self, *lengths: int) -> None:
        self.lengths = lengths

    def blocks(self):
        for number, steps in enumerate(self.lengths):
            q = np.tile(100.0 * number + np.arange(steps + 1)[:, None], (3, 1, 1))
            yield Segments(q, -q, q[:, :-1] + 0.5, np.zeros((3, steps, 0)))


def generator():
    return torch.Generator().manual_seed(0)


def test_a_window_is_successive_states_with_the_actions_between_them():
    windows = Windows(Counted(9, 7), 4, first=2, held=5, every=10, device=CPU)
    found = windows.draw(0, 64, generator())
    assert found.qpos.shape == (64, 5, 1)
    assert found.steps == 4
    assert bool((found.qpos.diff(dim=1) == 1).all())
    assert torch.equal(found.actions, found.qpos[:, :-1] + 0.5)
    assert torch.equal(found.qvel, -found.qpos)
    assert windows.transitions == 3 * (9 + 7)


def test_every_place_of_a_segment_is_drawn():
    found = Windows(Counted(6), 4, first=3, held=5, every=10, device=CPU).draw(0, 200, generator())
    assert set(found.qpos[:, 0, 0].tolist()) == {0.0, 1.0, 2.0}


def test_windows_begin_at_multiples_of_the_stride():
    found = Windows(Counted(9), 4, first=1, held=1, every=10, device=CPU, stride=2).draw(0, 200, generator())
    assert set(found.qpos[:, 0, 0].tolist()) == {0.0, 2.0, 4.0}


def test_fresh_blocks_replace_the_oldest():
    windows = Windows(Counted(5, 5, 5), 5, first=1, held=1, every=10, device=CPU)
    draws = generator()
    begins = [float(windows.draw(step, 1, draws).qpos[0, 0, 0]) for step in (0, 9, 10, 15, 20, 30)]
    assert begins == [0, 0, 100, 100, 200, 200]


def test_short_segments_are_left_out_and_none_at_all_is_one_sentence():
    windows = Windows(Counted(3, 8), 5, first=2, held=5, every=10, device=CPU)
    assert windows.transitions == 3 * 8
    with pytest.raises(ValueError, match="segments of 3 control steps; windows of 5 need segments of at least 5"):
        Windows(Counted(3), 5, first=1, held=5, every=10, device=CPU)
