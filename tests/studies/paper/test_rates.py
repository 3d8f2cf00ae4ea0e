"""The search for learning rates."""

from __future__ import annotations

from pathlib import Path

import pytest

from mosim_gym.mechanics.world_model import WORLD_MODELS
from mosim_gym.studies.paper.models import sized_model
from mosim_gym.studies.paper.rates import RATES, ROBOT, Rates, best_rate
from mosim_gym.training.config import training_for
from mosim_gym.training.model_choice import model_for
from mosim_gym.world_models.learned import LearnedModel

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results" / "paper"


def _cell(model: str, rate: float, error: float | None) -> dict:
    errors = [error] * 16
    return {
        "model": model,
        "rate": rate,
        "tests": {kind: {"errors": errors, "diverged": 0.0} for kind in ("uniform", "poisson")},
    }


def test_every_model_has_a_cell_at_each_of_its_rates():
    cells = Rates().cells()
    assert len(cells) == sum(map(len, RATES.values()))
    assert [cell.name for cell in cells[:3]] == ["mosim-0.002", "mosim-0.006", "mosim-0.0006"]
    assert sum(cell.first for cell in cells) == 3 * len(RATES)


def test_a_model_that_diverges_at_a_rate_has_not_its_best_there():
    cells = {str(rate): _cell("gru", rate, error) for rate, error in ((3e-4, 0.4), (1e-3, 0.2), (3e-3, None))}
    assert best_rate(cells, "gru") == 1e-3
    row = next(line for line in Rates().table(cells).splitlines() if "GRU" in line)
    assert [part.strip() for part in row.split("|")[3:-1]] == ["0.4", "0.2", "diverged", "", "", "0.001", "yes"]


def test_models_learn_at_the_rates_that_were_found_best():
    results = Rates().results(RESULTS)
    for model in RATES:
        kind = WORLD_MODELS.find(model)
        usual = kind.config_type().rate if issubclass(kind, LearnedModel) else training_for(model_for(ROBOT)).adam_rate
        tried = [cell["rate"] for cell in results.values() if cell["model"] == model]
        assert min(tried) < best_rate(results, model) == usual < max(tried), model


def test_muons_rate_keeps_its_ratio_to_adams():
    config = training_for(model_for("cheetah"))
    changed = config.at_rate(2 * config.adam_rate)
    assert config.muon_rate is not None
    assert changed.muon_rate == pytest.approx(2 * config.muon_rate)


def test_a_model_is_fitted_at_the_rate_of_its_cell(tmp_path):
    model = sized_model("gru", "cheetah", rate=3e-3)
    assert isinstance(model, LearnedModel)
    study = Rates().changed(["transitions=2000", "budget=0.5", "segments=4"])
    found = study.run(tmp_path, tmp_path, names=["gru-0.003", "mosim-0.006"])
    assert [cell["rate"] for cell in found.values()] == [0.006, 0.003]
    assert "| GRU" in study.table(found)
