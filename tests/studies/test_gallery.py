"""The gallery: each picture stands with a finding that follows from the results."""

from __future__ import annotations

import json

import pytest

from mosim_gym.studies.gallery import gallery_page


def _report(error: float, valid: float) -> dict:
    one = {"normalised": {"10": error / 2, "16": error}, "valid_seconds": valid}
    return {"robot": "pendulum", "steps": 500, "tests": {"uniform": {"pendulum": one}, "poisson": {"pendulum": one}}}


@pytest.fixture
def page(tmp_path):
    """The page of a folder with these results, and pictures of these names."""

    def make(results: dict[str, dict], *pictures: str) -> str:
        assets, folder = tmp_path / "docs" / "assets", tmp_path / "benchmarks" / "results"
        assets.mkdir(parents=True, exist_ok=True)
        for name, content in results.items():
            path = folder / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        for name in pictures:
            (assets / name).touch()
        return " ".join(gallery_page(assets, folder, ["pendulum"]).split())  # wherever lines end

    return make


def test_a_model_is_shown_with_its_error_and_for_how_long_it_is_valid(page):
    text = page({"prediction": {"pendulum": _report(0.0213, 0.6)}}, "prediction-pendulum.png", "strip-pendulum.png")
    assert (
        "Under uniform actions an error of 2.1 % of the variance after 16 steps (0.32 s), valid for 0.6 s; under Poisson"
        in text
    )
    assert "Frames up to 0.4 s lie within the time for which a prediction under such actions is valid, 0.6 s" in text
    whole = page({"prediction": {"pendulum": _report(1e-9, 10.0)}})
    assert "less than 0.01 % of the variance" in whole
    assert "All frames lie within" in whole
    assert "10 s and more" in whole


def test_a_policy_is_shown_with_its_returns_in_both_worlds_and_beside_others(page):
    seeds = {
        f"CheetahRun-shac-seed{seed}": {
            "task": "CheetahRun",
            "algorithm": "shac",
            "config": {},
            "model": {"name": "cheetah:small"},
            "real": {"mean": real},
            "in_model": {"mean": real + 20},
            "training_seconds": 600.0,
        }
        for seed, real in ((0, 800.0), (1, 830.0))
    }
    text = page({"zero_shot": {"policies": seeds}}, "zero-shot-CheetahRun-shac.png")
    assert "800 and 830 in dm_control, 820 and 850 in the model, after 10 min" in text
    assert "above SAC's 730 and below TD-MPC2's 844 after a million real steps" in text


def test_a_picture_without_results_is_not_shown(page):
    text = page({"prediction": {}}, "zero-shot-CheetahRun-shac.png", "prediction-pendulum.png", "robots.png")
    assert "zero-shot-" not in text
    assert "prediction-" not in text
    assert "![Four robots under scripted policies](assets/robots.png)" in text
