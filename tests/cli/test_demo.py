"""The demonstration, from the command to its table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.cli import main
from mosim_gym.cli.demo import NEXT, demo_table
from mosim_gym.mechanics.durations import seconds

POLICIES = Path(__file__).resolve().parents[2] / "benchmarks" / "policies" / "zero_shot"
CURVE = [
    {"return_in_model": 700.0, "lowest_member": 700.0, "std": 20.0, "episodes": 16, "seconds": 100.0},
    {"return_in_model": 853.0, "lowest_member": 853.0, "std": 6.0, "episodes": 64, "seconds": 200.0},
    {"return_in_model": 801.0, "lowest_member": 801.0, "std": 9.0, "episodes": 16, "seconds": 300.0},
]


def test_the_table_sets_the_chosen_policy_beside_what_others_published():
    real = {"mean": 823.4, "std": 8.2, "episodes": 10}
    content = {"policy": {"training_seconds": 300.0}, "curve": CURVE, "real": real, "shimmy": {**real, "episodes": 3}}
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in demo_table("CheetahRun", content).splitlines()
    ]
    assert rows[0] == ["CheetahRun, 5.0 min, no real step", "Episodes", "Return ± deviation"]
    assert rows[2:] == [
        ["in the model", "64", "853 ± 6"],
        ["in dm_control", "10", "823 ± 8"],
        ["in dm_control, through Shimmy", "3", "823 ± 8"],
        ["published: SAC, 1,000,000 real steps", "", "730"],
        ["published: TD-MPC2, 1,000,000 real steps", "", "844"],
    ]


def test_the_command_that_the_demo_proposes_has_reached_its_return_in_its_time():
    words = NEXT.split()
    budget, wanted = seconds(words[words.index("--budget") + 1]), float(words[words.index("--stop-at") + 1])
    cards = [load_policy(path).card for path in POLICIES.glob(f"{words[2]}-*.safetensors")]
    mine = [card for card in cards if card["algorithm"] == words[words.index("--algo") + 1]]
    assert any(card["return_in_model"] >= wanted and card["training_seconds"] <= budget for card in mine)


def test_the_demo_ends_with_a_table_and_a_command(tmp_path, capsys, drawn):
    typed = ["demo", "--task", "PendulumSwingup", "--budget", "1s", "--out", str(tmp_path)]
    main(typed)
    *_, command = [line for line in capsys.readouterr().out.splitlines() if line]
    assert command == f"next: mosim-gym {NEXT}"
    card = json.loads((tmp_path / "result.json").read_text())["policy"]
    assert (card["budget_seconds"], card["stop_at"], card["ended_by"]) == (1.0, 850.0, "budget")
    with pytest.raises(SystemExit):
        main([*typed, "--stop-at", "0"])
    assert "stop_at is 0.0; it is a return in the model, which must be positive" in capsys.readouterr().err
