"""Writes benchmarks/results/import_logs.json: rows a second, and memory, of importing 1,000,000 rows of a robot's logs.

Needs pyarrow for Parquet (`pip install 'mosim-gym[parquet]'`). Each import runs in a process of its own, whose peak of memory is compared
with that of the process before the import.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically

ROOT = Path(__file__).resolve().parents[1]
ROBOT, ROWS, SEGMENT = "cheetah", 1_000_000, 1000
FLOOR, MOST = 300_000, 3.0


def write(folder: Path) -> dict[str, Path]:
    """The same motion in a file of each format."""
    from mosim_gym.data.logs import Logs
    from mosim_gym.robots import load_robot

    robot = load_robot(ROBOT)
    phase = np.arange(ROWS)[:, None] * robot.control_step + np.arange(robot.nq)
    qpos, qvel = 0.1 * np.sin(phase), 0.1 * np.cos(phase)
    actions = np.tanh(phase[:, : robot.nu] % 3 - 1.5)
    np.savez(
        folder / "logs.npz", qpos=qpos, qvel=qvel, action=actions, time=np.arange(ROWS) * robot.control_step,
        segment=np.arange(ROWS) // SEGMENT,
    )  # fmt: skip
    logs = Logs(robot, qpos, qvel, actions, np.arange(0, ROWS + 1, SEGMENT))
    return {"npz": folder / "logs.npz", "parquet": logs.to_parquet(folder / "logs.parquet")}


def peak() -> int:
    """The most memory in bytes that this process has had so far (on Linux)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found[1])


def measure(path: Path) -> dict[str, float]:
    """In this process: the seconds, and the growth of its peak of memory as a multiple of the arrays'."""
    import mosim_gym
    from mosim_gym.robots import load_robot

    robot = load_robot(ROBOT)
    rows = mosim_gym.import_logs
    small = path.with_name(f"small-{path.stem}.npz")
    zeros = np.zeros((9, robot.nq))
    np.savez(small, qpos=zeros, qvel=zeros, action=zeros[:, : robot.nu], time=np.arange(9) * robot.control_step)
    rows(small, robot)  # what is imported and compiled at first use
    before = peak()
    begun = time.perf_counter()
    logs = rows(path, robot)
    seconds = time.perf_counter() - begun
    grown = peak() - before
    size = logs.qpos.nbytes + logs.qvel.nbytes + logs.actions.nbytes
    return {
        "rows_per_second": round(len(logs.qpos) / seconds),
        "seconds": round(seconds, 3),
        "memory": round(grown / size, 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, help="measure the import of this file alone, and print it")
    chosen = parser.parse_args()
    if chosen.file is not None:
        print(json.dumps(measure(chosen.file)))
        sys.exit()
    report: dict[str, object] = {
        "provenance": provenance(),
        "robot": ROBOT,
        "rows": ROWS,
        "floor": FLOOR,
        "most_memory": MOST,
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, path in write(Path(folder)).items():
            done = subprocess.run(
                [sys.executable, __file__, "--file", str(path)], check=True, capture_output=True, text=True
            )
            report[name] = json.loads(done.stdout)
            print(name, report[name])
    write_atomically(ROOT / "benchmarks" / "results" / "import_logs.json", json.dumps(report, indent=1) + "\n")
