"""Tables of studies say what their runs say."""

from __future__ import annotations

from tests.studies.tables import PROVENANCE

from mosim_gym.studies.study_tables import study_summary


def test_a_study_of_lengths_says_that_returns_do_not_rise_where_they_do_not():
    def run(steps, mean):
        point = {"seconds": 60.0, "steps": 1000.0, "return_in_model": mean, "real": mean}
        return {
            "study": "horizon-truth",
            "label": f"{steps} steps",
            "task": "CheetahRun",
            "checkpoint": "truth",
            "config": {"episode": steps, "seed": 0},
            "curve": [point],
            "last": {"mean": mean, "std": 1.0},
            "chosen": {"mean": mean, "std": 1.0},
            "provenance": PROVENANCE,
        }

    labels = ["60 steps", "200 steps"]
    falls = study_summary([run(60, 400.0), run(200, 300.0)], labels, "How long?")
    assert "400 with 60 steps, 300 with 200 steps. It does not rise steadily" in falls
    assert "It rises with the length" in study_summary([run(60, 300.0), run(200, 400.0)], labels, "How long?")
    assert "do not say which length is enough" in falls
