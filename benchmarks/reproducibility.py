"""Writes benchmarks/results/reproducibility.json: how far rollouts of packaged models differ between processors and numbers of threads.

Every model moves the same states under the same actions in processes of their own. They differ in the instructions that torch may use, as
older processors do, and in the number of torch's threads.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from mosim_gym.evaluation.heldout import HeldOut, random_test
from mosim_gym.evaluation.prediction import state_variance
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import readable_json, write_atomically
from mosim_gym.studies.reproducibility import HORIZONS, differences
from mosim_gym.zoo.names import load, packaged

RESULTS = Path(__file__).resolve().parent / "results" / "reproducibility.json"
SEGMENTS, SEED = 64, 20_011
WAYS: dict[str, dict[str, str]] = {
    "as it is": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "SSE4.2": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
    "two threads": {"OMP_NUM_THREADS": "2"},
}
"""Variables of the environment of each process. The others are compared with the first."""


def _test(name: str) -> HeldOut:
    return random_test(load(name).robot.name, "uniform", segments=SEGMENTS, steps=max(HORIZONS), seed=SEED)


def _roll(path: Path) -> None:
    """Write the states after each step of every model, `(B, T, nq + nv)`."""
    found: dict[str, np.ndarray] = {}
    for name in packaged():
        test = _test(name)
        moved = load(name).rollout(test.qpos, test.qvel, test.actions)
        found[name] = np.concatenate((moved.qpos, moved.qvel), axis=-1)
    np.savez(path, allow_pickle=False, **found)


def _in_another_process(variables: dict[str, str]) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "states.npz"
        command = [sys.executable, __file__, "--roll", str(path)]
        subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1", **variables}, check=True)
        with np.load(path) as states:
            return dict(states)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roll", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.roll:
        _roll(options.roll)
        sys.exit()
    paths = {way: _in_another_process(variables) for way, variables in WAYS.items()}
    first, *others = WAYS
    report = {
        "provenance": provenance(seeds=[SEED]),
        "segments": SEGMENTS,
        "models": {
            name: {
                way: differences(paths[way][name], paths[first][name], state_variance(_test(name))) for way in others
            }
            for name in packaged()
        },
    }
    write_atomically(RESULTS, readable_json(report))
