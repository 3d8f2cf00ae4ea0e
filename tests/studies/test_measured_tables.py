"""Tables of models of measured motion show each run, the floors, and whether the target is met."""

from __future__ import annotations

import pytest
from tests.studies.tables import PROVENANCE, row

from mosim_gym.studies.measured_tables import measured_panels, measured_table, measured_tables


def run(share=1.0, known=None, place=0.019):
    rows = {"a": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "b": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}
    amount = {"segments": 7, "control_steps": 1000, "seconds": 60.0 * share}
    return {
        "share": share, "known": known, "budget": "5m", "learned": amount, "held_out": amount, "memory": 1, "members": 3,
        "training_seconds": 300.0, "provenance": PROVENANCE,
        "errors": {
            "windows": 9, "horizons": [0.01, 0.025, 0.05, 0.1, 0.25, 0.5], "units": {"a": "rad", "b": "rad"},
            "rmse": {"dynamics": rows, "hold last": {part: [2 * x for x in errors] for part, errors in rows.items()}},
        },
        "along": {"dynamics": {"place": place, "rotation": 15.0}, "hold last": {"place": 0.3, "rotation": 50.0}},
    }  # fmt: skip


def test_errors_of_joints_stand_by_horizon_beside_the_floors():
    text = measured_table("pendulum", {"0.1": run(0.1), "0.1, known inertia": run(0.1, "inertia"), "1": run()})
    assert row(text, "learned from 10 % of the logs ")[1:] == ["6 s, 7", "5.0 min", "0.3", "0.4", "0.5", "0.6", ""]
    assert row(text, "10 % of the logs, inertia known")
    started = measured_table("pendulum", {"0.3": run(0.3) | {"start": "simulation"}})
    assert row(started, "30 % of the logs, after simulation")
    assert row(text, "hold last")[3:7] == ["0.6", "0.8", "1", "1.2"]
    assert "missed at 0.05 s, 0.1 s, 0.25 s, 0.5 s" in row(text, "learned from all logs")[-1]


@pytest.mark.parametrize(("place", "said"), [(0.019, "place: ≤ 0.02, rotation: ≤ 22: met"), (0.03, "missed at place")])
def test_tosses_say_whether_the_target_is_met(place, said):
    text = measured_table("cube", {"0.1": run(0.1, place=place), "1": run(place=place)})
    assert said in row(text, "all logs")[-1]
    assert row(text, "10 %")[-1] == ""
    assert row(text, "hold last")[3:5] == ["0.3000", "50.0"]


def test_what_has_not_been_measured_is_said_so():
    text = measured_tables({"cube": {"1": run()}})
    assert "Not measured yet" in text["measured pendulum"]
    assert "Held out: 7 segments, 60 s" in text["measured cube"]
    assert "mosim_gym 9.9.9" in text["measured cube"]


def test_a_plot_has_models_and_floors_apart():
    ((label, (models, floors)),) = measured_panels({"0.1": run(0.1), "1": run()}).items()
    assert label == "root mean square error (rad)"
    assert list(models) == ["10 % of the logs", "all logs"]
    assert floors["hold last"][1][0] == pytest.approx(0.2)
