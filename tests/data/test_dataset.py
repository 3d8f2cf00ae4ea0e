"""Datasets on disk: written, continued, read back, and refused when something is wrong with them."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.data.sizes import SEGMENTS

from mosim_gym.data.dataset import collect_dataset, open_dataset, reseal_dataset
from mosim_gym.data.manifest import write_manifest
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.truth.dynamics import TrueDynamics


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _unsealed(folder: Path) -> None:
    """The manifest as version 0.1.0 wrote it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    old = {name: value for name, value in manifest.items() if name not in ("chunks", "seal")}
    (folder / "manifest.json").write_text(json.dumps({**old, "version": 1}, indent=1) + "\n")


def test_a_dataset_holds_true_motion_and_says_where_it_came_from(collected):
    data = open_dataset(collected, robot="pendulum")
    assert (len(data), data.transitions, data.robot) == (SEGMENTS, 40 * SEGMENTS, "pendulum")
    part = data[10:14]
    again = TrueDynamics("pendulum").rollout(part.qpos[:, 0], part.qvel[:, 0], part.actions)
    np.testing.assert_array_equal(part.qpos[:, 1:], again.qpos)
    assert data.manifest["recipe"]["name"] == "coverage"
    assert data.manifest["seed"] == 3
    qpos, qvel = data.states()
    assert qpos.shape == (SEGMENTS * 41, 1)
    assert qvel.shape == (SEGMENTS * 41, 1)


def test_an_interrupted_collection_ends_with_the_same_bytes(tmp_path, collected):
    def stop(done):
        if done >= 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect_dataset("pendulum", tmp_path, segments=SEGMENTS, seed=3, report=stop)
    assert len(open_dataset(tmp_path)) == 2000
    collect_dataset("pendulum", tmp_path, segments=SEGMENTS, seed=3)
    assert _bytes(tmp_path) == _bytes(collected)


def test_a_second_process_does_not_collect_into_the_same_folder(tmp_path):
    code = (
        "import sys, time\n"
        "from mosim_gym.data.dataset import collect_dataset\n"
        "def wait(done):\n    print('here', flush=True)\n    time.sleep(60)\n"
        "collect_dataset('pendulum', sys.argv[1], segments=2000, report=wait)"
    )
    folder = tmp_path / "motion"
    other = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "here\n"
        with pytest.raises(FileFault, match=f"motion is in use: process {other.pid} runs there"):
            collect_dataset("pendulum", folder, segments=2000)
    finally:
        other.kill()
        other.wait()
    assert len(collect_dataset("pendulum", folder, segments=2000)) == 2000
    assert not [path for path in tmp_path.iterdir() if path != folder]


def test_every_chunk_is_sealed_when_it_is_written(tmp_path):
    sealed = []

    def look(_):
        sealed.append(len(json.loads((tmp_path / "manifest.json").read_text())["chunks"]))
        open_dataset(tmp_path)

    collect_dataset("pendulum", tmp_path, segments=SEGMENTS, report=look)
    assert sealed == [1, 2, 3]


def test_no_flipped_bit_opens_with_other_numbers(folder):
    rng = np.random.default_rng(0)
    for path in sorted(folder.iterdir()):
        before = path.read_bytes()
        if path.name == "sensors.npy":
            places = rng.integers(len(before), size=40)
        else:
            places = np.concatenate((rng.integers(min(len(before), 200), size=40), rng.integers(len(before), size=40)))
        for place in places:
            damaged = bytearray(before)
            damaged[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            with pytest.raises(FileFault):
                open_dataset(folder)
        path.write_bytes(before)
    assert len(open_dataset(folder)) == SEGMENTS


def test_the_file_and_the_chunk_that_differ_are_named(folder):
    array = np.load(folder / "actions.npy", mmap_mode="r+")
    array[1700, 3, 0] += 1e-9
    array.flush()
    said = r"actions.npy is damaged: its numbers in chunk 1 \(segments 1000 to 1999\) do not match their checksum"
    with pytest.raises(FileFault, match=said):
        open_dataset(folder)
    with pytest.raises(FileFault, match=said):
        collect_dataset("pendulum", folder, segments=SEGMENTS, seed=3)


def test_a_dataset_without_checksums_opens_with_one_warning_until_it_is_resealed(folder):
    whole = _bytes(folder)
    _unsealed(folder)
    with pytest.warns(UserWarning, match=f"`mosim-gym reseal {folder}` adds them") as said:
        data = open_dataset(folder)
    assert len(said) == 1
    assert (len(data), len(data[5:9].qpos)) == (SEGMENTS, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(reseal_dataset(folder)) == SEGMENTS
        open_dataset(folder)
        reseal_dataset(folder)
    assert _bytes(folder) == whole
    array = np.load(folder / "qpos.npy", mmap_mode="r+")
    array[3, 3, 0] += 1e-9
    array.flush()
    for act in (open_dataset, reseal_dataset):
        with pytest.raises(FileFault, match=r"qpos.npy is damaged: its numbers in chunk 0"):
            act(folder)


def test_a_collection_without_checksums_goes_on_and_gets_them(tmp_path, collected):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect_dataset("pendulum", tmp_path, segments=SEGMENTS, seed=3, report=stop)
    _unsealed(tmp_path)
    with pytest.warns(UserWarning, match="is a dataset of version 0.1.0, without checksums"):
        collect_dataset("pendulum", tmp_path, segments=SEGMENTS, seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(open_dataset(tmp_path)) == SEGMENTS
    assert _bytes(tmp_path) == _bytes(collected)


def test_what_is_wrong_with_a_dataset_is_said_in_one_sentence(folder):
    with pytest.raises(FileFault, match="There is no dataset in"):
        open_dataset(folder / "nothing")
    with pytest.raises(FileFault, match="holds the motion of 'pendulum', not of 'cheetah'"):
        open_dataset(folder, robot="cheetah")
    with pytest.raises(FileFault, match="holds another dataset \\(seed is 3 there, 1 here\\)"):
        collect_dataset("pendulum", folder, segments=SEGMENTS, seed=1)
    array = np.load(folder / "qvel.npy", mmap_mode="r+")
    array[1007, 3, 0] = np.nan
    array.flush()
    with pytest.raises(FileFault, match=r"qvel.npy is not finite in segment 1007"):
        open_dataset(folder)


def test_a_collection_that_never_got_a_segment_refuses_no_other(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, {**manifest, "segments": 0, "next_chunk": 0, "chunks": []})
    with pytest.raises(FileFault, match="holds no segments yet"):
        open_dataset(folder)
    collect_dataset("pendulum", folder, segments=30, seed=1)
    assert len(open_dataset(folder)) == 30


def test_a_robot_with_sensors_is_collected_with_their_readings(tmp_path):
    dataset = collect_dataset("hopper", tmp_path, segments=20)
    assert dataset[np.arange(20)].sensors.shape == (20, 40, 2)
    assert (dataset[np.arange(20)].sensors > 0).any()
