"""The study of structure and stages compares what can be compared."""

from __future__ import annotations

import pytest

from mosim_gym.studies.training_stages import parameters, stages_plot, stages_table, systems

ROBOT = "hopper@0.005"


def test_systems_that_are_compared_are_of_equal_size():
    size = {name: parameters(ROBOT, system.model) for name, system in systems(ROBOT).items()}
    assert size["residual network"] == pytest.approx(size["predictor"], rel=0.1)
    assert size["staged"] == size["joint"]


def test_errors_are_shown_with_their_range_over_the_seeds(tmp_path):
    def run(seed, error):
        curve = [{"seconds": t, "uniform": error / t, "poisson": error} for t in (1.0, 30.0, 60.0)]
        errors = {kind: {"raw": {"16": error, "100": 2 * error}} for kind in ("uniform", "poisson")}
        return {"seed": seed, "parameters": 1_000, "curve": curve, "errors": errors}

    report = {
        "systems": {
            name: {"question": system.question, "about": system.about, "runs": [run(0, 0.1), run(1, 0.3)]}
            for name, system in systems(ROBOT).items()
        }
    }
    shown = stages_table(report)
    assert all(name in shown for name in systems(ROBOT))
    assert "0.2 (0.1 to 0.3)" in shown
    assert stages_plot(report, tmp_path / "stages.png").stat().st_size > 10_000
