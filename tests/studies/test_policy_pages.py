"""The page of policies: what is shown of each, and the command that makes it again."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path

import pytest

from mosim_gym.rl.strategies.zero_shot import config_for, typed_config
from mosim_gym.studies.policy_pages import command, film_name, policies_page

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RESULTS, POLICIES = BENCHMARKS / "results" / "zero_shot.json", BENCHMARKS / "policies" / "zero_shot"


@pytest.fixture
def policy():
    known = json.loads(RESULTS.read_text())["policies"]["CheetahRun-shac-seed0"]
    config = config_for("CheetahRun", "shac", seed=3, horizon=8, num_envs=64)
    return {**known, "config": asdict(config), "training_seconds": 590.0}


def test_the_command_trains_with_the_settings_that_ran(policy):
    words = shlex.split(command(policy))
    assert words[:4] == ["mosim-gym", "rl", "zero-shot", "CheetahRun"]
    given = dict(zip(words[4:12:2], words[5:12:2], strict=True))
    assert given == {"--algo": "shac", "--checkpoint": "cheetah:small", "--budget": "10m", "--seed": "3"}
    settings = words[words.index("--set") + 1 :]
    assert sorted(settings) == ["horizon=8", "num_envs=64"]
    again = typed_config("CheetahRun", "shac", seed=3, settings=settings)
    assert asdict(again) == policy["config"]


def test_the_defaults_need_no_settings(policy):
    config = asdict(config_for("WalkerRun", seed=0))
    usual = {**policy, "task": "WalkerRun", "model": {**policy["model"], "name": "walker"}, "config": config}
    assert command(usual) == "mosim-gym rl zero-shot WalkerRun --budget 10m --seed 0"


def test_a_policy_that_improved_another_has_both_in_its_row_and_the_file_in_its_command(policy, tmp_path):
    file = str(POLICIES / "PointMassEasy-shac-seed0.safetensors")
    config = asdict(config_for("CheetahRun", "shac", seed=3, start=file, width=64))
    start = {
        "file": file,
        "learners": ["sac"],
        "settings": {"width": 128, "first_log_std": -2.0, "actor_rate": 5e-4, "critic_rate": 1e-3, "critic_first": 50},
        "training_seconds": 610.0,
        "steps_in_model": 1_000_000,
        "updates": 1000,
    }
    improved = {**policy, "config": config, "start": start, "steps_in_model": 2_000_000, "updates": 3000}
    assert command(improved).endswith(f"--budget 10m --seed 3 --start {file} --set width=64")
    page = policies_page({"policies": {"CheetahRun-improved-seed3": improved}}, tmp_path)
    assert "## CheetahRun, SAC, then gradients (SHAC), in cheetah:small" in page
    assert "| 20 min " in page
    assert "| 3.00 M, 4 k " in page


def test_the_page_says_that_no_command_is_recorded_where_an_earlier_version_trained(policy, tmp_path):
    old = {**policy, "config": {"ends": "box", "seed": 0}}
    assert command(old) is None
    page = policies_page({"policies": {"CheetahRun-shac-seed0": old, "CheetahRun-shac-seed3": policy}}, tmp_path)
    assert "An earlier version of this package trained seed 0. The command is not recorded" in page
    assert f"    {command(policy)}\n" in page


def test_every_policy_is_on_the_page_with_what_there_is_of_it(policy, tmp_path):
    name = film_name("CheetahRun-shac")
    for file in (f"{name}.mp4", f"{name}.png"):
        (tmp_path / file).touch()
    page = policies_page({"policies": {"CheetahRun-shac-seed3": policy}}, tmp_path)
    assert "## CheetahRun, gradients (SHAC), in cheetah:small" in page
    assert f"../assets/{name}.mp4" in page
    assert f"(assets/{name}.png)" in page
    assert "zero-shot-CheetahRun-shac.png" not in page
    assert f"    {command(policy)}\n" in page
