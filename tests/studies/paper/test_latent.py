"""Predictions in the latent space of TD-MPC2."""

from __future__ import annotations

import pytest

from mosim_gym.data.collection import Collector
from mosim_gym.data.dataset import collect_dataset
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.studies.paper.latent import PAIRED, Latent, latent_errors, latent_table
from mosim_gym.truth.dynamics import TrueDynamics
from mosim_gym.world_models.latent import LatentConfig, LatentModel, LatentNetwork
from mosim_gym.zoo import load


def test_the_truth_has_no_error_in_the_latent_space_and_standing_still_has_one(tmp_path):
    data = collect_dataset(
        "reacher", tmp_path / "d", segments=20, recipe="paired", collector=Collector("reacher", PAIRED)
    )
    world = LatentModel(LatentConfig(action_repeat=2, horizon=3, width=16, latent=16, steps=3, batch=8))
    world.fit(data, 60, seed=0)
    test = random_test("reacher", "paired", segments=8, steps=6, seed=1)
    assert isinstance(world.network, LatentNetwork)
    found = latent_errors(world.network, {"truth": TrueDynamics("reacher"), "mosim": load("reacher")}, test)
    assert {name: len(errors) for name, errors in found.items()} == dict.fromkeys(
        ("latent", "truth", "mosim", "none"), 3
    )
    assert max(found["truth"]) < 1e-9
    assert found["truth"][-1] <= found["mosim"][-1] < found["none"][-1]


def test_the_encoder_of_the_paper_is_above_the_cut_line():
    study = Latent()
    assert [cell.name for cell in study.cells() if cell.first] == ["reacher-e", "cheetah-e", "acrobot-e"]
    assert [cell.name for cell in study.cells() if not cell.first] == ["reacher-r", "cheetah-r", "acrobot-r"]


def test_the_tables_have_the_papers_figures_for_the_papers_encoder():
    errors = {name: [0.1, 0.2, 0.3] for name in ("latent", "mosim-e", "mosim-rm", "none")}
    cells = [{"robot": "cheetah", "encoder": kind, "tests": {"policy": errors, "random": errors}} for kind in "er"]
    rows = latent_table("policy", cells).splitlines()[2:]
    assert [row.split("|")[7].strip() for row in rows] == ["0.0009 / 0.0007", ""]
    assert "0.0011 / 0.0003" in latent_table("random", cells)
    assert "0.3" in rows[0]


@pytest.mark.slow
def test_a_cell_has_both_tests(tmp_path):
    study = Latent().changed(["transitions=2000", "budget=0.5", "segments=8", "learner_budget=5"])
    cell = study.run(tmp_path / "out", tmp_path / "shared", names=["reacher-e"])["reacher-e"]
    assert set(cell["tests"]) == {"policy", "random"}
    assert set(cell["tests"]["policy"]) == {"latent", "mosim-e", "mosim-rm", "none"}
    text = study.table({"reacher-e": cell})
    assert "4.81e-05 / 2.93e-07" in text
    assert "here nothing learns from rewards" in " ".join(text.split())
