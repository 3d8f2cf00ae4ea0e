"""Every example runs as it is, from any folder, and writes only under runs/."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
QUICK = {
    "02_the_real_task": ["--steps", "20", "--episodes", "1"],
    "04_train_sac_on_the_real_task": ["--steps", "110", "--episodes", "1"],
    "05_batched_rollouts": ["--batch", "64", "--steps", "20"],
    "06_train_in_the_model": ["--seconds", "1", "--episodes", "1"],
    "07_ppo_on_make_vec": ["--envs", "16", "--steps", "1000"],
    "08_few_real_steps": ["--real-steps", "1500", "--virtual-steps", "5"],
    "09_plan_without_a_policy": ["--horizon", "10", "--samples", "32", "--steps", "20"],
    "10_gradients_through_the_model": ["--seconds", "1", "--episodes", "1"],
    "11_stay_where_the_model_knows": ["--seconds", "1", "--steps", "20"],
    "12_from_a_log_to_a_policy": ["--budget", "2s", "--steps", "210", "--seconds", "20"],
    "13_rllib_in_the_model": ["--seconds", "1", "--envs", "8", "--episodes", "1"],
}
NEEDS = {"13_rllib_in_the_model": "ray.rllib"}
"""Modules that are not everywhere."""
WRITES = {
    "01_look_at_a_robot": ["01/cheetah.png"],
    "02_the_real_task": ["02/episode.mp4", "02/return.png"],
    "04_train_sac_on_the_real_task": ["04/PendulumSwingup.zip"],
    "06_train_in_the_model": [f"06/{name}" for name in ("best.safetensors", "policy.safetensors", "state.safetensors")],
    "08_few_real_steps": ["08/policy.safetensors", "08/state.safetensors"],
    "12_from_a_log_to_a_policy": ["12/arm.xml", "12/log.csv"],
    "10_gradients_through_the_model": [f"10/{name}.safetensors" for name in ("best", "policy", "state")],
}
LOG = "MUJOCO_LOG.TXT"  # MuJoCo's own, wherever it is run


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example, tmp_path):
    if example.stem in NEEDS:
        pytest.importorskip(NEEDS[example.stem], exc_type=ImportError)
    done = subprocess.run(
        [sys.executable, str(example), *QUICK.get(example.stem, [])],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    files = [p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file() and p.name != LOG]
    written = sorted(str(p) for p in files if "tensorboard" not in p.parts)
    assert written == [f"runs/{name}" for name in WRITES.get(example.stem, [])]


def test_examples_are_short_and_numbered():
    assert [path.name[:2] for path in EXAMPLES] == [f"{i:02d}" for i in range(1, len(EXAMPLES) + 1)]
    assert all(len(path.read_text().splitlines()) <= 85 for path in EXAMPLES)


def test_names_above_exist():
    assert set(QUICK) | set(NEEDS) | set(WRITES) <= {path.stem for path in EXAMPLES}
