"""Tables of models trained side by side say which rates were tried, and whether the best is at the edge."""

from __future__ import annotations

import pytest
from tests.studies.tables import PROVENANCE, row

from mosim_gym.studies.result_tables import systems_table


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ({0.001: 3.0, 0.01: 1.0}, "highest that was tried"),
        ({0.001: 1.0, 0.01: 3.0}, "lowest that was tried"),
        ({0.001: 2.0, 0.01: 1.0, 0.03: None}, "diverged with 0.03"),
        ({0.001: 2.0, 0.01: 1.0, 0.03: 1.5}, "neither the lowest nor the highest"),
    ],
)
def test_the_papers_learning_rates_say_what_was_tried_and_whether_the_best_is_at_the_edge(errors, said):
    def system(rate, error):
        entry = {"shows": "", "provenance": PROVENANCE, "training": {"adam_rate": rate}}
        if error is None:
            return entry
        found = {"one_step": error, "3": error, "16": error, "100": error, "diverged": 0.0}
        return {**entry, "errors": {"uniform": found}, "seconds": 60.0, "samples_per_second": 100, "curve": []}

    systems = {f"paper, rate {rate:g}": system(rate, error) for rate, error in errors.items()}
    text = systems_table({"systems": {"default": system(0.002, 0.1), **systems}})
    assert said in text
    assert "levelled" not in text


def test_what_a_run_was_asked_to_take_is_told_apart_from_what_it_took():
    found = {"one_step": 1.0, "3": 1.0, "16": 1.0, "100": 1.0, "diverged": 0.0}
    one = {
        "shows": "",
        "provenance": PROVENANCE,
        "training": {"adam_rate": 0.01},
        "errors": {"uniform": found},
        "curve": [],
    }
    one |= {"seconds": 290.0, "samples_per_second": 100}
    longer = {**one, "shows": "the same for 10m", "seconds": 1800.0}
    text = systems_table({"budget": "4m", "systems": {"default": one, "paper": one, "paper, longer": longer}})
    assert row(text, "paper, longer")[1:3] == ["the same, asked for 10m", "30 min"]
    assert "Every run was asked to take 4m, but for the longer one." in text
