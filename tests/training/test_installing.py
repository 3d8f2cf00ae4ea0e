"""A checkpoint becomes the packaged one by what it does, never by what its card says."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import mosim_gym
from mosim_gym.mechanics.storage import load_arrays, save_arrays
from mosim_gym.training.installing import is_better
from mosim_gym.zoo import names
from mosim_gym.zoo.checkpoint import KIND, read_card

PENDULUM = names.packaged_path("pendulum")


def _installation(folder: Path, checkpoints: Sequence[str]) -> Path:
    """A copy of the package in `folder`, in which only `checkpoints` are packaged; the folder of its weights."""
    whole = Path(mosim_gym.__file__).parent

    def others(place: str, found: list[str]) -> set[str]:
        kept = {names.packaged_path(name).name for name in checkpoints}
        return {"__pycache__"} | (set(found) - kept if Path(place) == names.WEIGHTS else set())

    return Path(shutil.copytree(whole, folder / "mosim_gym", ignore=others)) / "zoo" / "weights"


def _install(pack: Path, place: Path) -> str:
    """What `mosim-gym unpack PACK --install` prints in the installation at `place`."""
    done = subprocess.run(
        [sys.executable, "-m", "mosim_gym.cli", "unpack", str(pack), "--install", "--out", str(place / "out")],
        env={**os.environ, "PYTHONPATH": str(place)},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_card_that_boasts_over_noise_does_not_replace_the_packaged_model(tmp_path: Path) -> None:
    packaged = _installation(tmp_path, ["pendulum"]) / PENDULUM.name
    arrays, header = load_arrays(PENDULUM, KIND)
    header = copy.deepcopy(header)
    for test in header["card"]["benchmark"].values():
        test["raw"] = dict.fromkeys(test["raw"], 1e-30)
    noise = {f"pendulum/{name}": value + (0 if "std" in name else 0.05) for name, value in arrays.items()}
    path = save_arrays(tmp_path / "models-1.safetensors", "pack", noise, {"checkpoints": {"pendulum": header}})
    said = _install(path, tmp_path)
    assert "not better than the packaged one" in said
    (measured,) = re.findall(r"raw MSE over 16 steps (\S+);", said)
    assert float(measured) > 1e-6
    assert packaged.read_bytes() == PENDULUM.read_bytes()


@pytest.mark.slow
def test_the_first_checkpoint_of_a_robot_is_installed_and_an_equal_one_is_not(tmp_path: Path) -> None:
    packaged = _installation(tmp_path, []) / PENDULUM.name
    arrays, header = load_arrays(PENDULUM, KIND)
    inside = {f"pendulum/{name}": value for name, value in arrays.items()}
    path = save_arrays(tmp_path / "models-1.safetensors", "pack", inside, {"checkpoints": {"pendulum": header}})
    assert "now the packaged one" in _install(path, tmp_path)
    assert mosim_gym.load(packaged).robot.name == "pendulum"
    assert "not better than the packaged one" in _install(path, tmp_path)


def test_errors_that_are_not_finite_are_never_better(tmp_path: Path) -> None:
    card = read_card(PENDULUM)
    for test in card["benchmark"].values():
        test["raw"] = dict.fromkeys(test["raw"], float("nan"))
    assert not is_better(card, 1, tmp_path / "none.safetensors")


def test_only_a_better_checkpoint_replaces_the_packaged_one(tmp_path):
    packaged = names.packaged_path("cartpole")
    card = read_card(packaged)

    def with_errors(near: float, far: float) -> dict:
        tests = {
            test: {"raw": {"16": near * result["raw"]["16"], "100": far * result["raw"]["100"]}}
            for test, result in card["benchmark"].items()
        }
        return {**card, "benchmark": tests}

    members = card["model"]["members"]
    assert is_better(with_errors(9.0, 9.0), members, tmp_path / "none.safetensors")
    assert is_better(with_errors(1.1, 0.8), members, packaged)
    assert not is_better(with_errors(0.9, 1.3), members, packaged)
    assert not is_better(card, members, packaged)
    assert is_better(with_errors(1.2, 1.2), members + 2, packaged)
    assert not is_better(with_errors(1.3, 1.3), members + 2, packaged)
    ensemble = names.packaged_path("cheetah")
    card = read_card(ensemble)
    assert not is_better(with_errors(0.9, 0.9), 1, ensemble)
    assert is_better(with_errors(0.7, 0.7), 1, ensemble)
