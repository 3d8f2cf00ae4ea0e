"""A checkpoint becomes the packaged one by what it does, never by what its card says."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest

from mosim_gym.mechanics.storage import load_arrays, save_arrays
from mosim_gym.training.installing import install_pack, is_better, score
from mosim_gym.zoo import names
from mosim_gym.zoo.checkpoint import KIND, read_card


def test_a_card_that_boasts_over_noise_does_not_replace_the_packaged_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = Path(shutil.copytree(names.WEIGHTS, tmp_path / "weights")) / "pendulum.safetensors"
    monkeypatch.setattr(names, "WEIGHTS", packaged.parent)
    before = packaged.read_bytes()
    arrays, header = load_arrays(packaged, KIND)
    header = copy.deepcopy(header)
    for test in header["card"]["benchmark"].values():
        test["raw"] = dict.fromkeys(test["raw"], 1e-30)
    noise = {f"pendulum/{name}": value + (0 if "std" in name else 0.05) for name, value in arrays.items()}
    path = save_arrays(tmp_path / "models-1.safetensors", "pack", noise, {"checkpoints": {"pendulum": header}})
    [outcome] = install_pack(path, tmp_path / "out")
    assert not outcome.installed
    assert score(outcome.card) > 1e-6, "measured"
    assert packaged.read_bytes() == before


def test_errors_that_are_not_finite_are_never_better(tmp_path: Path) -> None:
    card = read_card(names.packaged_path("pendulum"))
    for test in card["benchmark"].values():
        test["raw"] = dict.fromkeys(test["raw"], float("nan"))
    assert not is_better(card, 1, tmp_path / "none.safetensors")
