"""One process at a time runs in a folder; what a killed one left behind is no hindrance and is swept away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mosim_gym.mechanics.folder_lock import LOCK, FolderLock, InUse
from mosim_gym.mechanics.storage import FileFault

HOLD = "import sys, time; from pathlib import Path; from mosim_gym.mechanics.folder_lock import FolderLock\n"
HOLD += "held = FolderLock(Path(sys.argv[1]), *sys.argv[2:]); print('here', flush=True); time.sleep(60)"


def holder(folder: Path, *part: str) -> subprocess.Popen[str]:
    """Another process that runs in `folder`, or that writes the file `part` there."""
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder), *part], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "here\n"
    return other


def test_a_second_process_is_told_who_runs_there_and_may_go_on_when_that_is_killed(tmp_path):
    other = holder(tmp_path)
    try:
        with pytest.raises(FileFault, match=f"is in use: process {other.pid} runs there; wait for its end"):
            FolderLock(tmp_path)
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert (tmp_path / LOCK).exists()
    held = FolderLock(tmp_path)
    assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"
    del held
    assert not (tmp_path / LOCK).exists()


def test_one_process_may_go_on_where_it_was_interrupted_whatever_still_holds_the_folder(tmp_path):
    first = FolderLock(tmp_path)
    second = FolderLock(tmp_path / ".." / tmp_path.name)
    del first
    assert (tmp_path / LOCK).exists()
    del second
    assert not (tmp_path / LOCK).exists()


def test_what_was_being_written_when_a_run_was_killed_is_swept_away_and_nothing_else(tmp_path):
    kept = ["state.safetensors", ".hidden", ".notes.json", "a.safetensors.abcdefgh", ".state.safetensors.long_name_1"]
    for name in (*kept, ".state.safetensors.k3_9zq2x", ".result.json.abcdefgh"):
        (tmp_path / name).touch()
    FolderLock(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_a_file_in_the_place_of_a_folder_is_left_to_the_runs_own_checks(tmp_path):
    (tmp_path / "file").touch()
    FolderLock(tmp_path / "file")
    FolderLock(tmp_path / "file" / "below")
    assert (tmp_path / "file").read_bytes() == b""


def test_processes_share_a_folder_if_each_writes_a_file_of_its_own(tmp_path):
    other = holder(tmp_path, "cell.json")
    (tmp_path / ".cell.json.abcdefgh").touch()  # what the other one writes at this moment
    try:
        with pytest.raises(InUse, match=rf"cell\.json is in use: process {other.pid} runs there"):
            FolderLock(tmp_path, "cell.json")
        FolderLock(tmp_path, "another.json")
        assert (tmp_path / ".cell.json.abcdefgh").exists()
    finally:
        other.kill()
        other.wait()
    FolderLock(tmp_path, "cell.json")
