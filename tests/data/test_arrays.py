"""The arrays of a dataset: checked before they are mapped, and never written over those of somebody else."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from tests.data.sizes import SEGMENTS

from mosim_gym.cli import main
from mosim_gym.data.dataset import collect_dataset, open_dataset
from mosim_gym.mechanics.storage import FileFault


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
        b"{'descr': '\xff\n', 'fortran_order': False, 'shape': (2100, 41, 1), }",
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
    with smallest_files(), pytest.raises(OSError, match="The disk is too full for this dataset"):
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
