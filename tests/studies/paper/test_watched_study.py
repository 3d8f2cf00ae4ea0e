"""Studies of trainings that are watched from reality: penalties and choices, their cells, tables and pictures."""

from __future__ import annotations

import pytest
from tests.studies.tables import PROVENANCE

from mosim_gym.robots import find_task
from mosim_gym.studies.paper.choices import Choices
from mosim_gym.studies.paper.penalty import PenaltyStudy
from mosim_gym.studies.paper.watched_study import beside


def cell(trained, end, highest=None, imagined=500.0):
    highest = end if highest is None else highest
    points = [
        {"steps": 1000, "seconds": 60.0 * n, "return_in_model": imagined, "real": real, "real_std": 1.0}
        for n, real in enumerate((highest, end), 1)
    ]
    played = {"mean": end, "std": 1.0, "episodes": 50}
    return {
        "task": trained.task,
        "label": trained.label,
        "seed": trained.seed,
        "config": {},
        "model": {"name": trained.checkpoint or find_task(trained.task)[0].name},
        "curve": points,
        "chosen": played,
        "last": played,
        "provenance": PROVENANCE,
    }


def rows(study, results):
    return [[part.strip() for part in line.split("|")[1:-1]] for line in study.table(results).splitlines()[2:]]


def test_above_the_cut_line_are_the_papers_penalty_and_ours_in_all_models():
    study = PenaltyStudy()
    first = {cell.name for cell in study.cells() if cell.first}
    for task in ("CheetahRun", "HopperHop", "AcrobotSwingup", "ReacherHard"):
        for hold in ("nothing", "density", "states"):
            assert {f"{task}-{hold}-seed0", f"{task}-{hold}-seed1"} <= first
    assert "CheetahRun-box-seed0" in first
    assert "HopperHop-box-seed0" not in first
    names = [cell.name for cell in study.cells()]
    assert "HopperHop-disagreement-seed0" in names
    assert "ReacherHard-disagreement-seed0" not in names  # one member


def test_the_table_says_where_a_penalty_helps_and_where_it_hurts():
    study = PenaltyStudy()
    ends = {"nothing": (400.0, 500.0), "density": (600.0, 620.0), "states": (300.0, 350.0), "far": (450.0, 450.0)}
    results = {
        trained.name: cell(trained, ends[trained.label][trained.seed], highest=700.0)
        for trained in study.trainings()
        if trained.task == "CheetahRun" and trained.label in ends
    }
    shown = {row[2]: row for row in rows(study, results)[:4]}
    assert shown["nothing"] == [
        "CheetahRun", "`cheetah:narrow`", "nothing", "500, 500", "700, 700", "400, 500", "57%, 71%", "400, 500", "",
    ]  # fmt: skip
    assert shown["p(s, a)"][-1] == "+160, better"
    assert shown["p(s)"][-1] == "-125, worse"
    assert shown["p(s, a), `threshold_scale=2.5`"][-1] == "+0, neither"


def test_only_equal_seeds_are_compared():
    study = Choices()
    plain, other = (
        [t for t in study.trainings() if t.task == "WalkerRun" and t.label == label] for label in ("plain", "normed")
    )
    assert beside([cell(other[1], 300.0)], [cell(plain[0], 100.0)]) == ""
    assert beside([cell(other[0], 300.0), cell(other[1], 10.0)], [cell(plain[0], 100.0)]) == "+200, better"


@pytest.mark.slow
def test_a_cell_is_trained_for_equally_many_steps_and_played_in_reality(tmp_path):
    study = PenaltyStudy().changed(["steps=12000", "evaluations=2", "episodes=5"])
    results = study.run(tmp_path / "out", tmp_path / "shared", names=["CheetahRun-density-seed1"])
    found = results["CheetahRun-density-seed1"]
    assert found["config"]["penalty"] == "density"
    assert found["config"]["seed"] == 1
    assert found["model"]["name"] == "cheetah:narrow"
    assert 12_000 <= found["curve"][-1]["steps"] < 13_000
    assert found["last"]["episodes"] == 5
    assert [path.name for path in study.pictures(results, tmp_path)] == ["paper-penalty-CheetahRun.png"]
    assert study.results(tmp_path / "out") == results
