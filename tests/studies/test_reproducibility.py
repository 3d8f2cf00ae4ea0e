"""How far rollouts differ between machines: in deviations, row by row; and what is promised holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mosim_gym.studies.reproducibility import differences, reproducibility_table
from mosim_gym.zoo.names import packaged

MEASURED = Path(__file__).parents[2] / "benchmarks" / "results" / "reproducibility.json"


def test_a_difference_is_in_deviations_of_what_moves():
    states = np.zeros((3, 100, 2))
    others = states.copy()
    others[1, 15] = 6.0  # one rollout, after 16 steps
    found = differences(states, others, np.array([4.0, 0.0]))  # the second dimension does not move
    assert found["16"] == {"median": 0.0, "largest": 3.0}
    assert found["1"] == found["100"] == {"median": 0.0, "largest": 0.0}


def test_every_packaged_model_agrees_after_a_step_as_the_page_promises():
    report = json.loads(MEASURED.read_text())
    assert set(report["models"]) == set(packaged())
    for ways in report["models"].values():
        for way in ways.values():
            assert way["1"]["median"] < 1e-5
    shown = reproducibility_table(report)
    assert all(f"`{name}`" in shown for name in packaged())
