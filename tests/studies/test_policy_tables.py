"""Tables of policies say which targets are missed, and which tasks have no policy."""

from __future__ import annotations

from tests.studies.tables import PROVENANCE, row

import mosim_gym
from mosim_gym.studies.policy_tables import not_trained, returns_table


def policy(task, algo="sac", mean=500.0, seed=0):
    return {
        "task": task,
        "algorithm": algo,
        "config": {"seed": seed},
        "model": {"name": "cheetah", "transitions": 1},
        "real": {"mean": mean},
        "training_seconds": 60.0,
        "provenance": PROVENANCE,
    }


def test_tasks_without_a_policy_are_listed_from_the_catalogue():
    tasks = mosim_gym.tasks()
    report = {"episodes": 50, "policies": {f"{task}-seed0": policy(task) for task in tasks if task != "FishSwim"}}
    assert not_trained(report) == "Not yet trained: FishSwim."
    assert not_trained({"policies": {f"{task}-seed0": policy(task) for task in tasks}}) == "Every task has a policy."


def test_policies_stand_in_the_order_of_their_tasks_with_targets_and_one_learner_if_asked():
    policies = {
        "WalkerRun-seed0": policy("WalkerRun", mean=450.0),
        "CheetahRun-seed1": policy("CheetahRun", mean=800.0, seed=1),
        "CheetahRun-seed0": policy("CheetahRun", mean=760.0),
        "CheetahRun-shac-seed0": policy("CheetahRun", "shac"),
    }
    text = returns_table({"policies": policies})
    assert text.index("CheetahRun") < text.index("WalkerRun")
    cells = row(text, "CheetahRun", "SAC", "760")
    assert cells[3:5] == ["**760**, **800**", "≥ 750: met"]
    assert row(text, "WalkerRun")[4] == "≥ 500: **missed** (one seed trained, of two)"
    assert "SHAC" not in returns_table({"policies": policies}, learner="sac")
    assert len(returns_table({"policies": policies}, learner="sac").splitlines()) == 4
