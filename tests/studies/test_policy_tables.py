"""Tables of policies say which targets are missed, and which tasks have no policy."""

from __future__ import annotations

from tests.studies.tables import PROVENANCE, row

import mosim_gym
from mosim_gym.studies.policy_tables import not_trained, readme_table, returns_table, zero_shot_summary


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
        "CheetahRun-seed1": policy("CheetahRun", mean=920.0, seed=1),
        "CheetahRun-seed0": policy("CheetahRun", mean=860.0),
        "CheetahRun-shac-seed0": policy("CheetahRun", "shac"),
    }
    text = returns_table({"policies": policies})
    assert text.index("CheetahRun") < text.index("WalkerRun")
    cells = row(text, "CheetahRun", "SAC", "860")
    assert cells[3:5] == ["**860**, **920**", "≥ 880: met"]
    assert row(text, "WalkerRun")[4] == "≥ 720: **missed** (one seed trained, of two)"
    assert "SHAC" not in returns_table({"policies": policies}, learner="sac")
    assert len(returns_table({"policies": policies}, learner="sac").splitlines()) == 4


def measured_policy(task, algo, *, real, imagined, allowed, shimmy=(700.0, 900.0)):
    mean = sum(real) / len(real)
    return {
        **policy(task, algo, mean),
        "steps_in_model": 1000,
        "updates": 1000,
        "in_model": {"mean": imagined, "members": [imagined]},
        "real": {"mean": mean, "std": 250.0, "returns": list(real), "seed": 1000},
        "shimmy": {"mean": sum(shimmy) / len(shimmy), "episodes": len(shimmy), "seed": 1000},
        "gap": imagined - mean,
        "allowed_gap": allowed,
    }


def test_episodes_through_shimmy_stand_beside_the_same_ones_without_it():
    swimmer = measured_policy(
        "SwimmerSwimmer6", "shac", real=(700.0, 900.0, 200.0, 200.0), imagined=520.0, allowed=50.0
    )
    text = zero_shot_summary({"episodes": 4, "policies": {"SwimmerSwimmer6-shac-seed0": swimmer}})
    assert row(text, "SwimmerSwimmer6")[6] == "800, 800"
    assert "The first 2 of them were played through Shimmy, too" in text
    assert "1 of 1 policies keep to it." in text


def test_a_gap_that_is_wider_than_allowed_is_told_wherever_the_policy_is_named():
    fish = measured_policy("FishSwim", "shac", real=(300.0,), imagined=428.0, allowed=120.0)
    policies = {"FishSwim-shac-seed0": fish}
    summary = zero_shot_summary({"episodes": 1, "policies": policies})
    assert "not FishSwim-shac-seed0 (128 points more in the model than in reality, 120 allowed)" in summary
    first_page = readme_table({"episodes": 1, "policies": {**policies, "FingerSpin-seed0": policy("FingerSpin")}})
    assert "returns **300** (in the model 428: its gap is wider than allowed)" in first_page
