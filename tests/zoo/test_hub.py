"""Checkpoints and policies by the name of a repository on the Hugging Face hub, from the library's own cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mosim_gym
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.zoo.hub import hub_file
from mosim_gym.zoo.names import packaged_path

pytest.importorskip("huggingface_hub")
POLICIES = Path(__file__).resolve().parents[2] / "benchmarks" / "policies" / "zero_shot"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def cached(cache: Path, repository: str, files: dict[str, Path], *, revision: str = "main") -> None:
    """Put `files` into a cache of the hub, as a download does."""
    place = cache / f"models--{repository.replace('/', '--')}"
    snapshot = place / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name, source in files.items():
        shutil.copy(source, snapshot / name)
    (place / "refs").mkdir()
    (place / "refs" / revision).write_text(COMMIT)


def run(code: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own that has no network, with this cache."""
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache)}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)


def test_a_checkpoint_and_a_policy_come_from_the_cache_by_the_name_of_their_repository(tmp_path):
    policy = next(POLICIES.glob("FingerSpin*.safetensors"))
    cached(tmp_path, "someone/pendulum", {"checkpoint.safetensors": packaged_path("pendulum")}, revision="v1")
    cached(tmp_path, "someone/spin", {"policy.safetensors": policy})
    done = run(
        "import mosim_gym, numpy as np\n"
        "sim = mosim_gym.load('hf:someone/pendulum@v1')\n"
        "print(sim.card['name'], sim.rollout(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 3, 1))).qpos.shape)\n"
        "import gymnasium as gym\n"
        "env = gym.make_vec('MoSim/PendulumSwingup-v0', num_envs=2, checkpoint='hf:someone/pendulum@v1')\n"
        "print(env.reset(seed=0)[0].shape)\n"
        "print(mosim_gym.load_policy('hf:someone/spin').card['task'])\n",
        tmp_path,
    )
    assert done.stdout.splitlines() == ["pendulum (1, 3, 1)", "(2, 3)", "FingerSpin"], done.stderr


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "hf:someone/nothing",
            "FileFault: hf:someone/nothing: the hub cannot be reached, and the cache has no checkpoint",
        ),
        ("hf:pendulum", "ValueError: 'hf:pendulum' is no repository on the hub; write hf:owner/name"),
    ],
)
def test_what_is_not_there_is_one_sentence(tmp_path, name, sentence):
    done = run(f"import mosim_gym; mosim_gym.load({name!r})", tmp_path)
    assert sentence in done.stderr.splitlines()[-1]


def test_only_files_of_this_package_are_read(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"not a checkpoint")
    cached(tmp_path, "someone/other", {"checkpoint.safetensors": other})
    done = run("import mosim_gym; mosim_gym.load('hf:someone/other')", tmp_path)
    assert "FileFault" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["hf:", "hf:a/b/c", "hf:../../etc/passwd", "hf:a/b@", "hf:a/b@main@v1"])
def test_a_name_must_be_that_of_a_repository(name):
    with pytest.raises(ValueError, match="is no repository on the hub"):
        hub_file(name, "checkpoint.safetensors")


def test_other_names_do_not_ask_the_hub():
    with pytest.raises((KeyError, FileFault)):
        mosim_gym.load("hub")
