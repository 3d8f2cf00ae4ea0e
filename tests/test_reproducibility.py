"""The same seeds give the same bits in another process of the same machine, whatever that process did before."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from tests.envs.walking import walk

from mosim_gym.data.stream import chunk
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.seal import digest
from mosim_gym.rl.learners.base import learner_config, make_learner


def _numbers() -> dict[str, str]:
    """Digests of episodes in models and in the truth, of collected motion, and of what learners learn."""
    found: dict[str, list[np.ndarray]] = {}
    for task in ("PendulumSwingup", "HopperHop"):
        for rows in (1, 5):
            for checkpoint in (None, "truth"):
                steps = walk(TorchEnv(task, rows, checkpoint=checkpoint))
                found[f"{task} {rows} {checkpoint}"] = [part.numpy() for part in steps]
    found["collected"] = list(chunk("pendulum", "coverage", 3, 0, 50)[0])
    for algo in ("shac", "sac"):
        with tempfile.TemporaryDirectory() as folder:
            env = TorchEnv("PendulumSwingup", 4, gradients=algo == "shac")
            learner = make_learner(env, learner_config(algo), seed=3, folder=Path(folder))
            learner.learn(70, progress=0.0)
            policy = learner.policy({"task": "PendulumSwingup"})
        found[algo] = [part for layer in policy.layers for part in layer]
    return {name: digest({str(i): part for i, part in enumerate(parts)}) for name, parts in found.items()}


def test_another_process_computes_the_same_bits() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "123", "OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_reproducibility"],
        env=environment, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    torch.manual_seed(77)
    walk(TorchEnv("PendulumSwingup", 3))
    assert done.stdout.splitlines() == [f"{name}: {value}" for name, value in _numbers().items()]


if __name__ == "__main__":
    for name, value in _numbers().items():
        print(f"{name}: {value}")
