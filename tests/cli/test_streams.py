"""Commands end well whoever reads their output, and in any encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RUN = [sys.executable, "-m", "mosim_gym"]


def test_a_reader_that_leaves_early_ends_no_command():
    command = f"{' '.join(RUN)} info; echo $? >&2"
    done = subprocess.run(["bash", "-c", f"( {command} ) | head -1"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("| Id")
    assert done.stderr.splitlines() == ["0"]


def test_work_whose_output_nobody_reads_is_done(tmp_path: Path):
    command = f"{' '.join(RUN)} train pendulum --budget 1s --out {tmp_path}"
    subprocess.run(["bash", "-c", f"{command} 2>&1 | true"], check=True)
    assert (tmp_path / "result.json").exists()


def test_letters_that_a_terminal_does_not_know_are_replaced():
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*RUN, "info", "CheetahRun"], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert "CheetahRun" in done.stdout
    assert "?" in done.stdout
