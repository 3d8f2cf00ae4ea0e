"""Commands that are told to end, or killed: what they wrote is whole, nothing hidden is left, and they go on."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from tests.commands import LONG, WRITING, contents, hidden, start, wait_for

SAVING = {name: how for name, how in WRITING.items() if name != "collect"}
"""Those that save when they are told to end; a collection has written each chunk already."""
BEGUN = ".running"
"""The lock of a command's folder, which it takes before it begins."""


def _ended(name: str, number: signal.Signals, folder: Path, *, after: float) -> tuple[int, str]:
    file = BEGUN if name in SAVING else "manifest.json"
    before = contents(folder, file)
    running = start(WRITING[name], folder)
    try:
        if WRITING[name][0] == "rl":
            wait_for(running, folder, word="%: ")  # its first report
        else:
            wait_for(running, folder, file=file, before=before)
        time.sleep(after)
        running.send_signal(number)
        code = running.wait(LONG)
    finally:
        running.kill()
    return code, (folder / "said").read_text(errors="replace")


def test_a_training_that_is_told_to_end_saves_its_state(tmp_path: Path) -> None:
    code, said = _ended("train", signal.SIGTERM, tmp_path, after=1)
    assert code == 128 + signal.SIGTERM, said
    assert said.splitlines()[-1] == "mosim-gym: ended by SIGTERM"
    assert (tmp_path / "out" / "pendulum" / "state.safetensors").exists()
    assert not hidden(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("name", WRITING)
def test_every_command_ends_with_its_state_saved(name: str, number: signal.Signals, code: int, tmp_path: Path) -> None:
    found, said = _ended(name, number, tmp_path, after=12)
    assert found == code, said
    assert any(tmp_path.rglob("state.safetensors" if name in SAVING else "manifest.json")), said
    assert not hidden(tmp_path)
    assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITING)
def test_what_was_killed_at_any_moment_goes_on(name: str, tmp_path: Path) -> None:
    moments = random.Random(name)
    for _ in range(int(os.environ.get("MOSIM_KILLS", "5"))):
        running = start(WRITING[name], tmp_path)
        time.sleep(moments.uniform(2, 15))
        assert running.poll() is None, (tmp_path / "said").read_text()
        running.kill()
        running.wait()
    found, said = _ended(name, signal.SIGTERM, tmp_path, after=12)
    assert found == 143, said
    assert "Traceback" not in said
    assert not hidden(tmp_path)  # what the killed ones left is swept away
