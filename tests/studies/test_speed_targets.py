"""Speeds stand beside those of peers."""

from __future__ import annotations

from tests.studies.tables import row

from mosim_gym.studies.speed_targets import pace_table


def test_speeds_stand_beside_those_of_peers_and_say_which_targets_are_missed():
    tasks = {
        "CheetahRun": {
            "batch of 4096, float32": {"median": 800},
            "Shimmy": {"idle": {"median": 100}, "busy": {"median": 1}},
            "single environment": {"idle": {"median": 10}, "busy": {"median": 7}, "ratio": 0.7},
        }
    }
    text = pace_table({"tasks": tasks, "start_up": {"import mosim_gym, s": 3.0}})
    assert row(text, "CheetahRun", "4096, float32", "Shimmy")[-2:] == ["8.0", "≥ 7: met"]
    assert row(text, "CheetahRun", "single environment", "Shimmy")[-2:] == ["10", "≤ 6: **missed**"]
    assert row(text, "single environment", "busy")[-2:] == ["0.70", "≥ 0.75: **missed**"]
    assert row(text, "HopperHop", "4096")[-2:] == ["", "≥ 6: not measured"]
    assert row(text, "import mosim_gym")[-1] == "≤ 2: **missed**"
