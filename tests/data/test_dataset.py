"""Datasets on disk: written, continued, read back, and refused when something is wrong with them."""

from __future__ import annotations

import json
import os
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest

from mosim_gym.cli import main
from mosim_gym.data.collection import recipe_for
from mosim_gym.data.dataset import DatasetStream, collect_dataset, open_dataset, reseal_dataset
from mosim_gym.data.manifest import write_manifest
from mosim_gym.data.stream import transitions
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.truth.dynamics import TrueDynamics

SEGMENTS = 2100  # three chunks


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A dataset of three chunks, that tests copy before they change it."""
    folder = tmp_path_factory.mktemp("collected")
    collect_dataset("pendulum", folder, segments=SEGMENTS, seed=3)
    return folder


@pytest.fixture
def folder(collected, tmp_path):
    for path in collected.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


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


HOSTILE = {
    "no robot": ({"robot": None}, "it has no robot"),
    "a number for a robot": ({"robot": 5}, "robot is '5'; it must be a robot's name"),
    "steps in words": ({"steps": "many"}, "steps is 'many'; it must be a whole number, at least 1"),
    "no steps at all": ({"steps": 0}, "steps is '0'; it must be a whole number, at least 1"),
    "steps by the billion": ({"steps": 10**9}, "qpos.npy is damaged: it holds <f8 "),
    "steps beyond all numbers": ({"steps": 10**40}, "qpos.npy is damaged: it holds <f8 "),
    "a truth value": ({"seed": True}, "seed is 'True'; it must be a whole number, at least 0"),
    "fewer than none": ({"segments": -1}, "segments is '-1'; it must be a whole number, at least 0"),
    "more than there are": ({"segments": 2101}, "it has 2101 segments, but 2100 were planned"),
    "many more": ({"segments": 10**9}, "it has 1000000000 segments, but 2100 were planned"),
    "plans that are not there": ({"segments": 10**9, "planned": 10**9}, "it has 1000000000 segments, but its chunks have 2100"),
    "large plans": ({"planned": 10**12}, "qpos.npy is damaged: it holds <f8 "),
    "half a segment": ({"segments": 0.5}, "segments is '0.5'; it must be a whole number"),
    "infinitely many": ({"planned": float("inf")}, "planned is 'inf'; it must be a whole number, at least 1"),
    "a recipe's name alone": ({"recipe": "coverage"}, "it must be a recipe with name, resets, actions and steps"),
    "a recipe of shares without names": (
        {"recipe": {"name": "x", "resets": [0.5], "actions": [], "steps": 1}},
        "it must be a recipe with name, resets, actions and steps",
    ),
    "chunks of nothing": ({"chunks": [None]}, "chunks is '[None]'; it must be a list of"),
    "chunks that owe": ({"chunks": [{"segments": -5}]}, "it must be a list of numbers of segments with their SHA-256"),
    "no seal": ({"seal": None}, "it has no seal"),
    "another seal": ({"seal": "0" * 64}, "its content does not match its seal"),
    "a stranger's key": ({"more": 1}, "it has the unknown key 'more'"),
    "another format": ({"version": 3}, "has format 3; this version of mosim_gym reads 2"),
    "a format in words": ({"version": "two"}, "has format two; this version of mosim_gym reads 2"),
    "a foreign kind": ({"kind": ["x"]}, "is not the manifest of a mosim_gym dataset"),
    "another fingerprint": ({"fingerprint": "other"}, "collected from a 'pendulum' with fingerprint other"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_manifest_that_cannot_be_true_is_one_sentence_at_once(folder, case):
    """Sealed by whoever wrote it, so that only its content gives it away."""
    changes, said = HOSTILE[case]
    whole = json.loads((folder / "manifest.json").read_text())
    manifest = {**whole, **changes}
    manifest = {name: value for name, value in manifest.items() if value is not None}
    if manifest.keys() == whole.keys() and not changes.keys() & {"seal", "version", "kind"}:
        write_manifest(folder, manifest)
    else:
        (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(FileFault) as found:
        open_dataset(folder)
    assert said in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "5", "[" * 100_000, '{"kind": ' + "9" * 5000 + "}", "\udcff"])
def test_a_manifest_that_is_none_is_one_sentence(folder, text):
    (folder / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FileFault, match=r"manifest.json is (damaged|not the manifest)"):
        open_dataset(folder)


def test_a_robot_that_nobody_knows_is_one_sentence(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for robot, said in (
        ("../../x", "Unknown robot"),
        ("pendulum@x", "not a time in seconds"),
        ("cheetah", "fingerprint"),
    ):
        write_manifest(folder, {**manifest, "robot": robot})
        with pytest.raises((KeyError, ValueError), match=said):
            open_dataset(folder)


def test_a_truncated_array_is_refused_and_never_filled_with_zeros(folder):
    for name in ("qpos.npy", "actions.npy", "sensors.npy"):
        path = folder / name
        before = path.read_bytes()
        for size in (len(before) - 1, len(before) // 2, 60, 0):
            path.write_bytes(before[:size])
            for act in (open_dataset, lambda at: collect_dataset("pendulum", at, segments=SEGMENTS, seed=3)):
                with pytest.raises(FileFault, match=f"{name} is (missing or )?damaged"):
                    act(folder)
            assert path.stat().st_size == size
        path.write_bytes(before + b"\0")
        with pytest.raises(FileFault, match=f"{name} is damaged: it has {len(before) + 1} bytes"):
            open_dataset(folder)
        path.write_bytes(before)


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '|O', 'fortran_order': False, 'shape': (2100, 41, 1), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (2100, 41, 1), }",
        b"{'descr': '>f8', 'fortran_order': False, 'shape': (2100, 41, 1), }",
        b"{'descr': '<f8', 'fortran_order': True, 'shape': (2100, 41, 1), }",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (2100, 1, 41), }",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (2100, 41, 1)",
        b"'''",
        b"(" * 117,
        b"__import__('os').abort()",
    ],
)
def test_a_strange_header_is_one_sentence(folder, header):
    path = folder / "qpos.npy"
    content = bytearray(path.read_bytes())
    content[10:128] = header.ljust(117)[:117] + b"\n"
    path.write_bytes(content)
    with pytest.raises(FileFault, match=r"qpos.npy is (missing or )?damaged"):
        open_dataset(folder)


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "device", "missing"])
def test_what_is_no_file_is_one_sentence_and_hangs_nothing(folder, kind):
    path = folder / "qvel.npy"
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.symlink_to("/dev/zero" if kind == "device" else "nowhere")
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(20)
    try:
        for act in (open_dataset, lambda at: collect_dataset("pendulum", at, segments=SEGMENTS, seed=3)):
            with pytest.raises(FileFault, match=r"qvel.npy is (missing or )?damaged"):
                act(folder)
    finally:
        signal.alarm(0)


def test_a_manifest_that_is_no_file_is_no_dataset(folder):
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")
    with pytest.raises(FileFault, match="There is no dataset in"):
        open_dataset(folder)


def test_a_dataset_streams_chunks_that_leave_validation_out(tmp_path):
    data = collect_dataset("pendulum", tmp_path, segments=40)
    first, again = (next(DatasetStream(data, seed=1, segments=10, first=2)) for _ in range(2))
    np.testing.assert_array_equal(first.qpos, again.qpos)
    assert first.qpos.shape == (10, 40, 1)
    stream = DatasetStream(data, seed=1, segments=1000)
    everything, held_out = next(stream), stream.validation()
    assert len(everything.qpos) + len(held_out.qpos) == 40
    np.testing.assert_array_equal(held_out.qpos, transitions("pendulum", data[38:]).qpos)


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


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_arrays_of_somebody_else_are_not_replaced(tmp_path, kind):
    theirs, target = tmp_path / "actions.npy", tmp_path.parent / f"{tmp_path.name}-target"
    if kind == "file":
        np.save(theirs, np.arange(3))
    elif kind == "link":
        theirs.symlink_to(target)
    else:
        theirs.mkdir()
    with pytest.raises(FileFault, match=r"holds actions.npy, which belongs to no dataset and would be lost"):
        collect_dataset("pendulum", tmp_path, segments=3)
    if kind == "file":
        np.testing.assert_array_equal(np.load(theirs), np.arange(3))
    assert list(tmp_path.iterdir()) == [theirs]
    assert not target.exists()


def test_a_full_disk_is_noticed_before_anything_is_simulated(tmp_path, smallest_files):
    with pytest.raises(OSError, match="The disk is too full for this dataset"):
        collect_dataset("pendulum", tmp_path / "data", segments=100)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("segments", ["99999999999", "9" * 30])
def test_a_number_that_no_disk_can_hold_leaves_nothing_that_refuses_the_right_one(tmp_path, capsys, segments):
    out = tmp_path / "data"
    with pytest.raises(SystemExit):
        main(["collect", "pendulum", "--segments", segments, "--out", str(out)])
    assert "The disk is too full for this dataset" in capsys.readouterr().err
    assert not out.exists()
    main(["collect", "pendulum", "--segments", "9", "--out", str(out)])
    assert len(open_dataset(out)) == 9


def test_a_collection_that_never_got_a_segment_refuses_no_other(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, {**manifest, "segments": 0, "next_chunk": 0, "chunks": []})
    with pytest.raises(FileFault, match="holds no segments yet"):
        open_dataset(folder)
    collect_dataset("pendulum", folder, segments=30, seed=1)
    assert len(open_dataset(folder)) == 30


def test_segments_shorter_than_a_control_step_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["collect", "pendulum@1000", "--out", str(tmp_path / "data")])
    assert "a segment of recipe coverage lasts 0.8 s, less than a control step of 1000 s" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    assert recipe_for("pendulum@0.8", "coverage").steps == 1


def test_a_robot_with_sensors_is_collected_with_their_readings(tmp_path):
    dataset = collect_dataset("hopper", tmp_path, segments=20)
    assert dataset[np.arange(20)].sensors.shape == (20, 40, 2)
    assert (dataset[np.arange(20)].sensors > 0).any()
