"""Logs in memory: segments, subsets, splits, windows and blocks."""

from __future__ import annotations

import numpy as np
import pytest
from tests.data.logged import arm, arm_motion

from mosim_gym.data.logs import Logs, joined


@pytest.fixture
def logs():
    """Segments of 9, 24, 4 and 59 control steps; the first position of a row is its number."""
    lengths = np.array([10, 25, 5, 60])
    motion = arm_motion(lengths.sum())
    motion["qpos"][:, 0] = np.arange(100)
    return Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.concatenate(([0], np.cumsum(lengths))))


def test_segments_have_a_state_more_than_actions(logs):
    assert len(logs) == 4
    assert logs.transitions == 96
    assert logs.seconds == pytest.approx(0.96)
    assert [segment.actions.shape for segment in logs] == [(9, 2), (24, 2), (4, 2), (59, 2)]
    assert logs[1].qpos[:, 0].tolist() == list(range(10, 35))
    assert logs[-1].qpos[0, 0] == 40
    with pytest.raises(IndexError, match="There is no segment 4: these logs have 4"):
        logs[4]


def test_a_slice_is_the_logs_of_some_segments(logs):
    part = logs[1:3]
    assert part.sources == logs.sources[1:3]
    assert np.array_equal(part[0].qpos, logs[1].qpos)
    with pytest.raises(ValueError, match="A subset needs at least one segment"):
        logs[9:]
    with pytest.raises(TypeError, match=r"'a' is no segment; give a whole number, or a slice such as logs\[:2\]"):
        logs["a"]


def test_a_subset_keeps_segments_and_their_sources(logs):
    part = logs.subset([2, 0])
    assert part.sources == ("segment 2", "segment 0")
    assert part[0].qpos[:, 0].tolist() == list(range(35, 40))
    assert part[1].qpos[:, 0].tolist() == list(range(10))
    with pytest.raises(ValueError, match="needs at least one segment"):
        logs.subset([])


def test_a_split_divides_whole_segments_by_its_seed(logs):
    train, test = logs.split(0.3, seed=1)
    assert sorted(train.sources + test.sources) == sorted(logs.sources)
    assert train.transitions + test.transitions == logs.transitions
    again = logs.split(0.3, seed=1)[1]
    assert again.sources == test.sources
    with pytest.raises(ValueError, match="share is 1; it must be a number between 0 and 1"):
        logs.split(1.0)


def test_the_end_of_a_single_segment_is_held_out(logs):
    train, test = logs.subset([3]).split(0.25)
    assert test[0].qpos[:, 0].tolist() == list(range(85, 100))
    assert train[0].qpos[-1, 0] == 84


def test_windows_stay_within_segments_and_have_equal_length(logs):
    windows = logs.windows(20)
    assert windows.qpos.shape == (3, 21, 2)
    assert windows.actions.shape == (3, 20, 2)
    assert windows.qpos[:, 0, 0].tolist() == [10, 40, 60]
    every = logs.windows(20, stride=1)
    assert len(every.qpos) == 5 + 40
    assert (np.diff(every.qpos[:, :, 0]) == 1).all()
    with pytest.raises(ValueError, match="has 59 control steps, too few for a window of 60"):
        logs.windows(60)


def test_blocks_hold_every_control_step_once(logs):
    blocks = list(logs.blocks())
    assert sum(block.transitions for block in blocks) == logs.transitions
    begins = np.concatenate([block.qpos[:, :-1, 0].ravel() for block in blocks])
    last_rows = logs.starts[1:] - 1
    assert sorted(begins.tolist()) == sorted(set(range(100)) - set(last_rows.tolist()))


def test_segments_of_equal_length_become_logs(logs):
    windows = logs.windows(20)
    again = Logs.of_segments(logs.robot, windows)
    assert len(again) == 3
    for i, segment in enumerate(again):
        assert np.array_equal(segment.qpos, windows.qpos[i])
        assert np.array_equal(segment.actions, windows.actions[i])


def test_logs_are_joined_in_order(logs):
    both = joined([logs, logs.subset([1])])
    assert len(both) == 5
    assert np.array_equal(both[4].qpos, logs[1].qpos)


def test_arrays_that_do_not_fit_are_refused(logs):
    parts = {"qpos": logs.qpos, "qvel": logs.qvel, "actions": logs.actions, "starts": logs.starts}

    def made(**changed):
        return Logs(logs.robot, **{**parts, **changed})

    with pytest.raises(
        ValueError, match=r"qvel is float64 of shape \(99, 2\); logs of arm need float64 of shape \(100, 2\)"
    ):
        made(qvel=logs.qvel[1:])
    broken = logs.actions.copy()
    broken[7, 1] = np.nan
    with pytest.raises(ValueError, match="actions of the logs is not finite in row 7, column 1"):
        made(actions=broken)
    with pytest.raises(ValueError, match="starts must lead from 0 to 100 rows, by at least two rows"):
        made(starts=np.array([0, 1, 100]))
