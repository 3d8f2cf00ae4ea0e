"""Make the pictures of the README and the documentation: `python scripts/make_pictures.py` writes docs/assets/*.png."""

from __future__ import annotations

from pathlib import Path

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.studies.first_pictures import scripted_robots, truth_over_model

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "docs" / "assets"
RUNNER = ROOT / "benchmarks" / "policies" / "zero_shot" / "CheetahRun-shac-seed0.safetensors"

if __name__ == "__main__":
    print("wrote", scripted_robots(ASSETS / "robots.png"))
    print("wrote", truth_over_model(ASSETS / "truth-over-model.png", load_policy(RUNNER)))
