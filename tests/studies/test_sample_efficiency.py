"""The benchmark of real steps: its statistics, and a cell from start to end."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from mosim_gym.rl.learners.base import LEARNERS
from mosim_gym.rl.strategies.base import STRATEGIES
from mosim_gym.rl.strategies.few_shot import FewShotConfig
from mosim_gym.rl.strategies.from_real_steps import FromRealSteps
from mosim_gym.rl.strategies.on_policy import OnPolicyConfig
from mosim_gym.rl.strategies.real_task import RealTaskConfig, RealTaskOptions
from mosim_gym.studies.efficiency_summary import interquartile_mean, summary
from mosim_gym.studies.sample_efficiency import TASKS, Cell, matrix, run_cell, title

COMMITTED = sorted(
    (Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "sample_efficiency").glob("*.json")
)


def test_the_interquartile_mean_forgets_outliers():
    assert interquartile_mean(np.array([0, 10, 20, 1000])) == 15
    assert interquartile_mean(np.array([7.0])) == 7
    rng = np.random.default_rng(0)
    values = rng.normal(100, 1, 400)
    values[:40] = 1e6
    assert abs(interquartile_mean(values) - 100) < 1


def test_a_summary_is_sure_of_what_seeds_agree_on():
    def cells(means):
        rng = np.random.default_rng(1)
        return [
            {"returns": list(rng.normal(mean, 5, 50)), "real_steps": 1000, "training_seconds": 60.0} for mean in means
        ]

    agreed, split = summary(cells([500, 500, 500])), summary(cells([300, 500, 700]))
    for found in (agreed, split):
        low, high = found["interval"]
        assert low <= found["interquartile_mean"] <= high
        assert abs(found["interquartile_mean"] - 500) < 10
    assert agreed["interval"][1] - agreed["interval"][0] < 5
    assert split["interval"][1] - split["interval"][0] > 150
    assert [round(mean, -2) for mean in split["seeds"]] == [300, 500, 700]


LOOP = [
    "random_steps=100",
    "round_steps=100",
    "model_updates=1",
    "branches=4",
    "branch=10",
    "virtual_steps=10",
    "evaluate_every=100",
]


@pytest.mark.parametrize(
    ("strategy", "algo", "settings"),
    [
        ("sac", "sac", ["episodes=1"]),
        ("on-policy-gradients", "shac", [*LOOP, "first_model_updates=1", "episodes=1", "width=8", "horizon=5"]),
    ],
)
def test_a_cell_from_start_to_end(tmp_path, strategy, algo, settings):
    cell = Cell("PendulumSwingup", strategy, 0, 200)
    result = run_cell(cell, tmp_path, final=1, settings=settings)
    assert [point["real_steps"] for point in result["curve"]][-1] == 200
    assert len(result["returns"]) == 1
    assert result["real_steps"] == 200
    assert result["provenance"]["seeds"] == [0]
    assert result["config"]["learner"]["algo"] == algo
    assert Cell.of(json.loads(json.dumps(result))) == cell


def test_an_unknown_strategy_is_told_with_those_of_the_task(tmp_path):
    with pytest.raises(KeyError, match=r"Unknown strategy 'sarsa'.* Valid: few-shot-gradients, .*sac, tqc"):
        run_cell(Cell("PendulumSwingup", "sarsa", 0, 200), tmp_path)


class Dreaming(FromRealSteps):
    """A strategy of one's own that takes real steps, and says nothing of the benchmark."""

    summary, options = "Dream.", RealTaskOptions

    def learn(self, task, config, options, folder, report):
        raise AssertionError("listing the matrix learns nothing")


def test_a_registered_strategy_that_takes_real_steps_is_in_the_matrix_by_its_name():
    before = {(cell.task, cell.strategy) for cell in matrix()}
    STRATEGIES.add("dreaming", Dreaming)
    try:
        added = {(cell.task, cell.strategy) for cell in matrix()} - before
        assert added == {(task, "dreaming") for task in TASKS}
        assert title("CheetahRun", "dreaming") == "dreaming"
    finally:
        STRATEGIES.remove("dreaming")


def test_every_strategy_of_real_steps_and_the_learners_alone_are_in_the_matrix():
    names = {cell.strategy for cell in matrix() if cell.task == "CheetahRun"}
    assert {"few-shot-narrow-gradients", "few-shot-paper", "on-policy-gradients", "sac", "tqc"} <= names
    assert not any(name.startswith("zero-shot") for name in names)
    long = [cell for cell in matrix() if cell.real_steps == 500_000]
    assert [cell.name for cell in long] == ["CheetahRun-on-policy-paper-500k-seed0"]  # one seed
    assert title("CheetahRun", "sac") == "SAC alone, no model"
    assert title("CheetahRun", "few-shot-narrow-gradients") == "few-shot, gradients (SHAC)"


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_cell_is_one_of_the_matrix(path):
    assert path.stem in {cell.name for cell in matrix()}
    assert Cell.of(json.loads(path.read_text())).name == path.stem


LATER = {
    "forward": "model",
    "observations": "whitened",
    "penalty": "none",
    "threshold_scale": 1.0,
    "memory": 0,
    "critic_first": 0,
}
"""Settings that some cells do not name, because they are older: they ran with these values, which are the defaults."""


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_cell_says_what_ran_and_nothing_else(path):
    cell = json.loads(path.read_text())
    config = cell["config"]
    if "learner" not in config:  # a cell of version 0.1.0 has SB3's own names for SB3's own settings
        assert cell["strategy"] in ("sac", "tqc")
        assert {"algo", "learning_rate", "buffer_size", "net_arch", "seed"} <= config.keys()
        return
    kinds = {"few-shot": FewShotConfig, "on-policy": OnPolicyConfig, "": RealTaskConfig}
    kind = next(kind for name, kind in kinds.items() if cell["strategy"].startswith(name))
    for found, wanted in ((config, kind), (config["learner"], LEARNERS.find(config["learner"]["algo"]).config_type)):
        defaults = {field.name: field.default for field in dataclasses.fields(wanted)}
        assert found.keys() <= defaults.keys()
        assert {name: defaults[name] for name in defaults.keys() - found.keys()}.items() <= LATER.items()
    assert cell["provenance"]["seeds"] == [cell["seed"]] == [config["seed"]]
