"""Datasets on disk: written, continued, read back, and refused when something is wrong with them."""

from __future__ import annotations

import errno
import json
import os

import numpy as np
import pytest

from mosim_gym.data import dataset as module
from mosim_gym.data.dataset import DatasetStream, collect_dataset, open_dataset
from mosim_gym.data.stream import transitions
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.truth.dynamics import TrueDynamics


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 20)


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_dataset_holds_true_motion_and_says_where_it_came_from(tmp_path, small_chunks):
    collect_dataset("pendulum", tmp_path, segments=50, seed=3)
    data = open_dataset(tmp_path, robot="pendulum")
    assert (len(data), data.transitions, data.robot) == (50, 2000, "pendulum")
    part = data[10:14]
    again = TrueDynamics("pendulum").rollout(part.qpos[:, 0], part.qvel[:, 0], part.actions)
    np.testing.assert_array_equal(part.qpos[:, 1:], again.qpos)
    assert data.manifest["recipe"]["name"] == "coverage"
    assert data.manifest["seed"] == 3
    qpos, qvel = data.states()
    assert qpos.shape == (50 * 41, 1)
    assert qvel.shape == (50 * 41, 1)


def test_an_interrupted_collection_ends_with_the_same_bytes(tmp_path, small_chunks):
    collect_dataset("pendulum", tmp_path / "whole", segments=50)

    def stop(done):
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect_dataset("pendulum", tmp_path / "broken", segments=50, report=stop)
    assert len(open_dataset(tmp_path / "broken")) == 40
    collect_dataset("pendulum", tmp_path / "broken", segments=50)
    assert _bytes(tmp_path / "whole") == _bytes(tmp_path / "broken")


def test_a_dataset_streams_chunks_that_leave_validation_out(tmp_path, small_chunks):
    data = collect_dataset("pendulum", tmp_path, segments=40)
    first, again = (next(DatasetStream(data, seed=1, segments=10, first=2)) for _ in range(2))
    np.testing.assert_array_equal(first.qpos, again.qpos)
    assert first.qpos.shape == (10, 40, 1)
    stream = DatasetStream(data, seed=1, segments=1000)
    everything, held_out = next(stream), stream.validation()
    assert len(everything.qpos) + len(held_out.qpos) == 40
    np.testing.assert_array_equal(held_out.qpos, transitions("pendulum", data[38:]).qpos)


def test_what_is_wrong_with_a_dataset_is_said_in_one_sentence(tmp_path, small_chunks):
    with pytest.raises(FileFault, match="There is no dataset in"):
        open_dataset(tmp_path)
    collect_dataset("pendulum", tmp_path, segments=30)
    with pytest.raises(FileFault, match="holds the motion of 'pendulum', not of 'cheetah'"):
        open_dataset(tmp_path, robot="cheetah")
    with pytest.raises(FileFault, match="holds another dataset \\(seed is 0 there, 1 here\\)"):
        collect_dataset("pendulum", tmp_path, segments=30, seed=1)
    array = np.load(tmp_path / "qvel.npy", mmap_mode="r+")
    before = array[7, 3, 0]
    array[7, 3, 0] = np.nan
    array.flush()
    with pytest.raises(FileFault, match=r"qvel.npy is not finite in segment 7"):
        open_dataset(tmp_path)
    array[7, 3, 0] = before
    array.flush()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "fingerprint": "other"}))
    with pytest.raises(FileFault, match="collected from a 'pendulum' with fingerprint other"):
        open_dataset(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "actions.npy").write_bytes(b"nothing")
    with pytest.raises(FileFault, match=r"actions.npy is missing or damaged"):
        open_dataset(tmp_path)


def test_arrays_of_somebody_else_are_not_replaced(tmp_path):
    theirs = tmp_path / "actions.npy"
    np.save(theirs, np.arange(3))
    with pytest.raises(FileFault, match=r"holds actions.npy of no dataset, which would be lost"):
        collect_dataset("pendulum", tmp_path, segments=3)
    np.testing.assert_array_equal(np.load(theirs), np.arange(3))
    assert list(tmp_path.iterdir()) == [theirs]


def test_a_full_disk_is_noticed_before_anything_is_simulated(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="The disk is too full for this dataset"):
        collect_dataset("pendulum", tmp_path / "data", segments=100)
    assert not list((tmp_path / "data").iterdir())


def test_a_robot_with_sensors_is_collected_with_their_readings(tmp_path):
    dataset = collect_dataset("hopper", tmp_path, segments=20)
    assert dataset[np.arange(20)].sensors.shape == (20, 40, 2)
    assert (dataset[np.arange(20)].sensors > 0).any()
