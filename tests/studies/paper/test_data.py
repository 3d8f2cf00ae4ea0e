"""The study of what motion a model learns from: its cells, and its table."""

from __future__ import annotations

import shutil

import pytest

from mosim_gym.studies.paper.data import Data, Place, robot_table, times
from mosim_gym.zoo.names import packaged_path

TOY = ["transitions=2000", "budget=0.5", "segments=4", "learner_budget=5", "policy_budget=2", "episodes=2"]


@pytest.fixture(scope="module")
def study():
    return Data().changed(TOY)


def test_three_robots_are_above_the_cut_line_and_returns_below_it(study):
    first = [cell.name for cell in study.cells() if cell.first]
    assert first[:4] == [
        "reacher-uniform-seed0",
        "reacher-replay-seed0",
        "reacher-narrow-seed0",
        "reacher-coverage-seed0",
    ]
    assert {name.split("-")[0] for name in first} == {"reacher", "acrobot", "cheetah"}
    below = [cell.name for cell in study.cells() if not cell.first]
    assert {
        "hopper@0.005-replay-seed0",
        "cartpole-coverage-seed0",
        "cheetah-uniform-seed0-return",
        "acrobot-narrow-seed1",
    } <= set(below)


def test_a_cell_has_the_errors_of_all_three_tests(study, tmp_path):
    kept = study.checkpoint(Place("reacher", "uniform", 0), tmp_path / "shared")
    kept.parent.mkdir(parents=True)
    shutil.copy(packaged_path("reacher"), kept)  # a model that is there is not fitted again
    results = study.run(tmp_path / "out", tmp_path / "shared", names=["reacher-uniform-seed0"])
    cell = results["reacher-uniform-seed0"]
    assert set(cell["tests"]) == {"uniform", "poisson", "policy"}
    assert len(cell["tests"]["policy"]["errors"]) == 100
    assert cell["tests"]["uniform"]["errors"][0] < 1e-4
    assert cell["policy"] == "ReacherEasy, scripted policy"
    row = next(line for line in study.table(results).splitlines() if line.startswith("| `uniform`"))
    assert "0.0005 / 0.0009" in row
    assert "0.0005 / 0.0008" in row
    assert "`reacher-replay-seed0`" in study.summary(results)


@pytest.mark.slow
def test_a_model_learns_from_the_motion_of_its_cell(study, tmp_path):
    cell = study.run(tmp_path / "out", tmp_path / "shared", names=["reacher-coverage-seed0"])["reacher-coverage-seed0"]
    assert cell["transitions"] == 2000
    assert cell["tests"]["uniform"]["errors"][0] < 1


@pytest.mark.slow
def test_a_return_is_of_the_model_that_the_errors_are_of(study, tmp_path):
    names = ["reacher-replay-seed0", "reacher-replay-seed0-return"]
    results = study.run(tmp_path / "out", tmp_path / "shared", names=names)
    assert len(list((tmp_path / "shared" / "models").glob("*.safetensors"))) == 1
    assert results[names[1]]["real"]["episodes"] == 2
    row = next(line for line in study.table(results).splitlines() if line.startswith("| `replay`"))
    assert "0.0037 / 0.0053" in row


@pytest.mark.slow
def test_the_policies_of_a_task_move_a_robot_of_shorter_control_steps(study, tmp_path):
    cell = study.run(tmp_path, tmp_path, names=["hopper@0.005-replay-seed0"])["hopper@0.005-replay-seed0"]
    assert cell["transitions"] == 2000
    assert set(cell["tests"]) == {"uniform", "poisson"}


def cell(recipe, error, seed=0):
    tests = {test: {"errors": [error] * 100} for test in ("uniform", "poisson", "policy")}
    return {"robot": "reacher", "recipe": recipe, "seed": seed, "kind": "errors", "tests": tests}


def test_each_kind_of_motion_stands_beside_uniform_motion():
    uniform, replay = cell("uniform", 0.2), cell("replay", 0.1)
    assert times([replay], [uniform]) == pytest.approx(0.5)
    assert times([replay], []) is None
    assert times([cell("replay", None)], [uniform]) is None
    rows = robot_table("reacher", [uniform, replay, cell("replay", 0.3, seed=1)]).splitlines()
    assert [row.split("|")[6].strip() for row in rows[2:]] == ["1.00", "1.00"]
