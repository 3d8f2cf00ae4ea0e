"""The study of ways to integrate: one network, trained through each of them."""

from __future__ import annotations

import pytest

from mosim_gym.studies.paper.ode import WAYS, Ode, network, robot_table


@pytest.fixture
def study():
    return Ode().changed(["transitions=2000", "samples=256", "batch=64", "segments=4"])


def test_only_the_way_to_move_differs(study):
    models = {name: network("reacher", way, seed=0) for name, way in WAYS.items()}
    assert {name for name, model in models.items() if model.drifts} == {"discrete", "direct"}
    assert models["rk4"].config.solver == "rk4"
    weights = [model.correctors[0].state_dict()["first.weight"] for model in models.values()]
    assert all((other == weights[0]).all() for other in weights)
    first = {cell.name for cell in study.cells() if cell.first}
    assert first == {
        f"{robot}-{way}"
        for robot in ("reacher", "acrobot", "cheetah")
        for way in ("discrete", "semi-implicit", "rk4", "dopri5")
    }


def test_a_cell_has_the_errors_and_the_time_to_the_samples(study, tmp_path):
    cell = study.run(tmp_path, tmp_path, names=["acrobot-discrete"])["acrobot-discrete"]
    assert len(cell["tests"]["uniform"]["errors"]) == len(cell["tests"]["poisson"]["errors"]) == 100
    assert cell["training_seconds"] > 0
    assert (cell["samples"], cell["ended_by"]) == (256, "samples")
    assert "256 samples in batches of 64" in study.table({"acrobot-discrete": cell})


@pytest.mark.slow
@pytest.mark.parametrize("way", ["semi-implicit", "rk4", "dopri5", "euler", "direct"])
def test_every_way_trains(study, way, tmp_path):
    cell = study.run(tmp_path, tmp_path, names=[f"reacher-{way}"])[f"reacher-{way}"]
    assert cell["tests"]["uniform"]["errors"][0] < 10


def cell(way, seconds, samples=1000, ended_by="samples"):
    tests = {test: {"errors": [0.5] * 100} for test in ("uniform", "poisson")}
    return {
        "way": way,
        "training_seconds": seconds,
        "samples": samples,
        "ended_by": ended_by,
        "parameters": 1000,
        "tests": tests,
    }


def test_times_stand_beside_the_discrete_models():
    cells = [
        cell("discrete", 60.0),
        cell("rk4", 300.0),
        cell("dopri5", 600.0, 500, "time"),
        cell("euler", 3.0, 50, "divergence"),
    ]
    rows = robot_table(cells, 1000).splitlines()
    shown = {row.split("|")[1].strip(): [part.strip() for part in row.split("|")[4:6]] for row in rows[2:]}
    assert shown["RK4"] == ["5.0 min", "5.0"]
    assert shown["dopri5, adjoint"] == ["10.0 min, stopped after 50% of the samples", "20.0"]
    assert shown["explicit Euler"] == ["0.1 min, diverged after 5% of the samples", "1.0"]


def test_a_training_that_takes_too_long_is_stopped(study, tmp_path):
    short = study.changed(["longest=1e-9"])
    cell = short.run(tmp_path, tmp_path, names=["acrobot-discrete"])["acrobot-discrete"]
    assert (cell["samples"], cell["ended_by"]) == (0, "time")
    assert "stopped after 0% of the samples" in short.table({"acrobot-discrete": cell})


def test_batches_fill_the_samples():
    with pytest.raises(ValueError, match="batch is 100; it must divide samples, which is 256010"):
        Ode(batch=100, samples=256_010)
