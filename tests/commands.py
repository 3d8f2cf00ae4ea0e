"""Commands in processes of their own, which tests interrupt."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

LONG = 240
"""Seconds after which a command hangs."""
SMALL = "random_steps=200", "round_steps=100", "model_updates=10", "virtual_steps=200"
"""Rounds of few-shot and on-policy learning that last seconds."""
WRITING: dict[str, tuple[str, ...]] = {
    "collect": ("collect", "cheetah", "--segments", "400000"),
    "train": ("train", "pendulum", "--budget", "300s"),
    "density": ("density", "pendulum", "--budget", "300s"),
    "zero-shot": ("rl", "zero-shot", "PendulumSwingup", "--budget", "300s"),
    "shac": ("rl", "zero-shot", "PendulumSwingup", "--algo", "shac", "--budget", "300s"),
    "real-task": ("rl", "real-task", "PendulumSwingup", "--real-steps", "500000"),
    "few-shot": ("rl", "few-shot", "PendulumSwingup", "--real-steps", "500000", "--set", *SMALL),
    "on-policy": (
        "rl",
        "on-policy",
        "PendulumSwingup",
        "--real-steps",
        "500000",
        "--set",
        *SMALL,
        "first_model_updates=10",
    ),
}
"""Commands that write for longer than any test lasts, and go on when they are called again."""


def start(arguments: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """The command with its results in `folder / "out"`, and what it says in `folder / "said"`."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (folder / "said").open("wb") as said:
        command = [sys.executable, "-m", "mosim_gym.cli", *arguments, "--out", str(folder / "out")]
        return subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment)


def wait_for(
    running: subprocess.Popen[bytes],
    folder: Path,
    *,
    file: str | None = None,
    word: str | None = None,
    before: Mapping[Path, bytes] = MappingProxyType({}),
) -> None:
    """Wait until the command has written a file of this pattern, or said this word.

    `before` are files that an earlier command left: one of them counts once it has another content.
    """
    until = time.monotonic() + LONG
    while True:
        said = (folder / "said").read_text(errors="replace")
        written = contents(folder, file) if file is not None else {}
        if any(before.get(path) != content for path, content in written.items()) or (word is not None and word in said):
            return
        assert running.poll() is None, said
        assert time.monotonic() < until, said
        time.sleep(0.1)


def contents(folder: Path, file: str) -> dict[Path, bytes]:
    """The files of this pattern in `folder`. A command may just be replacing one of them."""
    found: dict[Path, bytes] = {}
    for path in folder.rglob(file):
        with suppress(FileNotFoundError):
            found[path] = path.read_bytes()
    return found


def hidden(folder: Path) -> list[str]:
    """Hidden files in `folder`, which only a running command may have."""
    return sorted(str(path) for path in folder.rglob(".*"))
