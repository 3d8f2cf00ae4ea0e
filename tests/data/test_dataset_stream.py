"""A dataset streams chunks to train on, and keeps segments for validation."""

from __future__ import annotations

import numpy as np

from mosim_gym.data.dataset import collect_dataset
from mosim_gym.data.dataset_stream import DatasetStream
from mosim_gym.data.stream import transitions


def test_a_dataset_streams_chunks_that_leave_validation_out(tmp_path):
    data = collect_dataset("pendulum", tmp_path, segments=40)
    first, again = (next(DatasetStream(data, seed=1, segments=10, first=2)) for _ in range(2))
    np.testing.assert_array_equal(first.qpos, again.qpos)
    assert first.qpos.shape == (10, 40, 1)
    stream = DatasetStream(data, seed=1, segments=1000)
    everything, held_out = next(stream), stream.validation()
    assert len(everything.qpos) + len(held_out.qpos) == 40
    np.testing.assert_array_equal(held_out.qpos, transitions("pendulum", data[38:]).qpos)
