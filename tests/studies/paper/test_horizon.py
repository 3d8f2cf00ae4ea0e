"""The study of the length of episodes: its cells, and its table."""

from __future__ import annotations

import pytest

from mosim_gym.studies.paper.horizon import Horizon, least


@pytest.fixture(scope="module")
def study():
    return Horizon().changed(["steps=200", "evaluations=1", "episodes=2"])


def test_both_worlds_have_the_same_horizons(study):
    first = [cell.name for cell in study.cells() if cell.first]
    assert first[:4] == [
        "ReacherEasy-model-ours-1000",
        "ReacherEasy-model-ours-100",
        "ReacherEasy-model-ours-50",
        "ReacherEasy-model-ours-10",
    ]
    for world in ("model-ours", "truth-ours"):
        for task in ("ReacherEasy", "ReacherHard", "CheetahRun"):
            assert {f"{task}-{world}-{horizon}" for horizon in (10, 50, 100, 1000)} <= set(first)
    below = {cell.name for cell in study.cells() if not cell.first}
    assert {
        "CheetahRun-truth-sb3-10",
        "CheetahRun-model-sb3-1000",
        "CheetahRun-truth-ours-500",
        "ReacherHard-model-ours-30",
    } <= below


@pytest.mark.slow
@pytest.mark.parametrize(("name", "envs"), [("ReacherEasy-truth-sb3-10", 1), ("CheetahRun-model-ours-50", 64)])
def test_a_cell_has_the_real_return_after_equally_many_steps(study, tmp_path, name, envs):
    results = study.run(tmp_path / "out", tmp_path / "shared", names=[name])
    cell = results[name]
    assert cell["config"]["num_envs"] == envs
    assert cell["config"]["learner"]["algo"] == "tqc"
    assert cell["config"]["spread_starts"] == 0
    assert 200 <= cell["curve"][-1]["steps"] < 200 + 50 * envs + 1
    assert cell["chosen"]["episodes"] == 2
    assert [path.name for path in study.pictures(results, tmp_path)] == [f"paper-horizon-{name.split('-')[0]}.png"]


def cell(task, world, horizon, real):
    return {"task": task, "world": world, "learner": "ours", "horizon": horizon, "chosen": {"mean": real}}


def test_the_least_horizon_is_the_shortest_from_which_the_task_is_learned():
    line = {
        h: cell("CheetahRun", "truth", h, real) for h, real in ((10, 50.0), (50, 700.0), (100, 950.0), (1000, 1000.0))
    }
    assert least(line) == "100"
    del line[1000]
    assert least(line) == ""


def test_the_table_has_the_papers_horizons(study):
    cells = [cell("CheetahRun", world, h, 10.0 * h) for world in ("truth", "model") for h in (10, 1000)]
    rows = study.table({str(number): one for number, one in enumerate(cells)}).splitlines()
    assert [part.strip() for part in rows[2].split("|")[1:-1]] == [
        "CheetahRun", "MuJoCo", "this package's", "100", "10000", "1,000", "500 / 60",
    ]  # fmt: skip
    assert "the model" in rows[3]
