"""What a policy is worth in reality, and the pictures of it."""

from __future__ import annotations

import numpy as np
import pytest

import mosim_gym
from mosim_gym.cli import main
from mosim_gym.evaluation.scripted import scripted_policy
from mosim_gym.rl.policies import ActorPolicy
from mosim_gym.rl.report import real_return, shimmy_order, shimmy_return, side_by_side


@pytest.mark.parametrize("task", ["ReacherEasy", "CartpoleSwingup"])
def test_shimmy_pays_what_the_real_task_pays(task):
    """The drop-in: a policy made for this package's spaces plays in plain Shimmy."""
    policy = scripted_policy(task)
    ours = real_return(task, policy, episodes=2)
    theirs = shimmy_return(task, policy, episodes=2)
    if task == "CartpoleSwingup":  # every start leads to the same return, nearly
        assert theirs.mean == pytest.approx(ours.mean, rel=0.1)
    assert theirs.mean > 300


def test_the_order_of_observations_is_a_permutation():
    for task in mosim_gym.tasks():
        order = shimmy_order(task)
        assert sorted(order) == list(range(len(order)))
    assert shimmy_order("ReacherEasy").tolist() == [0, 1, 2, 3, 4, 5]


def test_truth_and_model_are_shown_from_the_same_start():
    above, below, imagined, errors = side_by_side("PendulumSwingup", scripted_policy("PendulumSwingup"), steps=20)
    assert len(above) == len(below) == len(imagined)
    np.testing.assert_array_equal(above[0], below[0])
    assert np.nanmax(errors) < 1e-3


def test_a_policy_from_start_to_finish_on_the_command_line(tmp_path, capsys, monkeypatch):
    from mosim_gym.rl import report, zero_shot

    monkeypatch.setattr(zero_shot, "EVALUATION_EPISODES", 1)
    monkeypatch.setattr(report, "STRIP_FRAMES", 2)
    run = tmp_path / "run"
    main(["rl", "zero-shot", "PendulumSwingup", "--budget", "2s", "--episodes", "1", "--out", str(run)])
    names = {path.name for path in run.iterdir()}
    assert {"result.json", "policy.safetensors", "learning.png", "policy.mp4", "strip.png", "tensorboard"} <= names
    assert isinstance(mosim_gym.load_policy(run / "policy.safetensors"), ActorPolicy)
    policy = str(run / "policy.safetensors")
    out = str(tmp_path / "evaluation")
    main(["rl", "evaluate", "PendulumSwingup", "--policy", policy, "--episodes", "1", "--out", out])
    assert "real return" in capsys.readouterr().out
