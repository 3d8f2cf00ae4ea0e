"""The study of predictions: its cells, and its table."""

from __future__ import annotations

import pytest

from mosim_gym.mechanics.storage import FileFault
from mosim_gym.studies.paper.prediction import ROBOTS, Prediction, robot_table

REACHER = next(robot for robot in ROBOTS if robot.name == "reacher")


@pytest.fixture(scope="module")
def study():
    return Prediction().changed(["transitions=2000", "budget=0.5", "segments=4", "longest=100"])


@pytest.fixture(scope="module")
def results(study, tmp_path_factory):
    out, shared = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("shared")
    return study.run(out, shared, names=["reacher-gru-r-seed0", "reacher-rssm-r-seed0"])


def test_every_robot_of_the_paper_has_a_cell_of_mosim_and_rssm_above_the_cut_line(study):
    first = {cell.name for cell in study.cells() if cell.first}
    for robot in ("cheetah", "reacher", "acrobot", "hopper@0.005", "humanoid@0.005", "panda@0.002", "go2@0.002"):
        assert {f"{robot}-mosim-r-seed0", f"{robot}-mosim-rm-seed0", f"{robot}-rssm-r-seed0"} <= first
    names = [cell.name for cell in study.cells()]
    assert len(names) == len(set(names))
    assert "acrobot-gru-r-seed1" in names
    assert "go2@0.002-gru-r-seed0" not in names


def test_a_cell_has_the_errors_of_each_test_at_every_step(results):
    cell = results["reacher-rssm-r-seed0"]
    assert set(cell["tests"]) == {"uniform", "poisson", "policy"}
    assert len(cell["tests"]["uniform"]["errors"]) == 100
    assert cell["tests"]["uniform"]["after_one"] != cell["tests"]["uniform"]["errors"][:100]
    assert cell["transitions"] == results["reacher-gru-r-seed0"]["transitions"] == 2000
    assert cell["parameters"] == pytest.approx(results["reacher-gru-r-seed0"]["parameters"], rel=0.25)


def test_a_missing_folder_of_policies_is_found_before_anything_is_fitted(study, tmp_path):
    other = study.changed([f"policies={tmp_path / 'nowhere'}"])
    with pytest.raises(FileFault, match=r"There is no folder of test policies at .*nowhere"):
        other.run(tmp_path / "out", tmp_path / "shared", names=["reacher-gru-r-seed0"])
    assert not (tmp_path / "shared").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["acrobot-mosim-rm-seed0", "acrobot-residual-r-seed0"])
def test_mosim_and_the_residual_network_learn_from_the_same_motion(study, tmp_path, name):
    found = study.run(tmp_path, tmp_path, names=[name])[name]
    assert found["transitions"] == 2000
    assert found["tests"]["uniform"]["errors"][0] < 1


def test_the_table_has_the_papers_figures_beside_ours(study, results):
    text = study.summary(results)
    assert any("| RSSM " in line and "0.0972 / 0.0988" in line for line in text.splitlines())
    assert any("one true state first" in line and "0.745 / 0.753" in line for line in text.splitlines())
    assert "the study `rates` found their learning rates on cheetah." in " ".join(text.split())
    assert "Not run yet: `cheetah-mosim-r-seed0`" in text


def cell(model, errors, seed=0):
    return {"robot": "reacher", "model": model, "data": "r", "seed": seed, "tests": {"uniform": {"errors": errors}}}


def test_the_steps_until_our_error_is_rssms_are_of_each_seed():
    rssm = cell("rssm", [0.5] * 1000)
    ours = [cell("mosim", [0.01] * 40 + [0.6] * 960), cell("mosim", [0.01] * 1000, seed=1)]
    row = next(line for line in robot_table(REACHER, [rssm, *ours]).splitlines() if line.startswith("| MoSim"))
    parts = [part.strip() for part in row.split("|")]
    assert parts[7:9] == ["0.0005 / 0.0009", "0.0005 / 0.0008"]
    assert parts[9:11] == ["40, > 1000", "> 1000"]


def test_a_model_that_diverged_is_said_to():
    text = robot_table(REACHER, [cell("gru", [1.0] * 20 + [None] * 980)])
    assert "1 / diverged" in text
