"""A number says what made it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import torch

import mosim_gym
from mosim_gym.mechanics.provenance import provenance

ROOT = Path(__file__).resolve().parents[2]


def test_provenance_names_version_packages_and_processor():
    found = provenance()
    assert found["mosim_gym"] == mosim_gym.__version__
    assert torch.__version__.startswith(found["torch"])  # its build may be told behind a plus
    assert {"mujoco", "stable_baselines3", "processor", "vector_flags", "cores", "torch_threads"} <= set(found)
    assert all(isinstance(flag, str) for flag in found["vector_flags"])


def test_a_checkout_says_its_commit_and_whether_it_was_changed():
    found = provenance()
    if not (ROOT / ".git").exists():
        assert found["commit"] is None
        return
    head = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert head.stdout.startswith(found["commit"])
    assert isinstance(found["dirty"], bool)


def test_seeds_and_configuration_stand_beside_the_machine():
    assert provenance(seeds=range(2), config={"rate": 0.1})["seeds"] == [0, 1]
    assert provenance(config={"rate": 0.1})["config"] == {"rate": 0.1}
    assert "seeds" not in provenance()
