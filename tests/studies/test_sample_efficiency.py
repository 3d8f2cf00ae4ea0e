"""The benchmark of real steps: its statistics, and a cell from start to end."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from mosim_gym.rl.learners.base import LEARNERS
from mosim_gym.rl.strategies import few_shot, on_policy
from mosim_gym.studies.efficiency_summary import interquartile_mean, summary
from mosim_gym.studies.sample_efficiency import Cell, Evaluations, run_cell

CELLS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "sample_efficiency"


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


def test_a_cell_from_start_to_end(tmp_path):
    few = Evaluations(every=100, episodes=1, final=2)
    result = run_cell(Cell("PendulumSwingup", "sac", 0, 200), tmp_path, evaluations=few)
    assert [point["real_steps"] for point in result["curve"]] == [100, 200]
    assert len(result["returns"]) == 2
    assert result["real_steps"] == 200
    assert result["provenance"]["seeds"] == [0]
    made = {
        "algo": "sac",
        "learning_rate": 3e-4,
        "batch_size": 256,
        "net_arch": [256, 256],
        "train_freq": "1 step",
        "n_steps": 1,
    }
    assert made.items() <= result["config"].items()
    json.dumps(result)
    with pytest.raises(KeyError, match="Unknown strategy 'sarsa'"):
        run_cell(Cell("PendulumSwingup", "sarsa", 0, 200), tmp_path)


@pytest.mark.parametrize("path", sorted(CELLS.glob("*.json")), ids=lambda path: path.stem)
def test_a_committed_cell_says_what_ran_and_nothing_else(path):
    cell = json.loads(path.read_text())
    config = cell["config"]
    if cell["strategy"] in ("sac", "tqc"):
        assert {"algo", "learning_rate", "buffer_size", "net_arch", "seed"} <= config.keys()
        return
    kind = few_shot.FewShotConfig if cell["strategy"].startswith("few-shot") else on_policy.OnPolicyConfig
    learner = LEARNERS.find(config["learner"]["algo"]).config_type
    assert {field.name for field in dataclasses.fields(kind)} == config.keys()
    assert {field.name for field in dataclasses.fields(learner)} == config["learner"].keys()
    assert cell["provenance"]["seeds"] == [cell["seed"]] == [config["seed"]]
