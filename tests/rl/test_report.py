"""What a policy is worth in reality, and the pictures of it."""

from __future__ import annotations

import json

import gymnasium
import numpy as np
import pytest

import mosim_gym
from mosim_gym.cli import main
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.policies.scripted import scripted_policy
from mosim_gym.rl.report import real_return, shimmy_id, shimmy_order, shimmy_return, side_by_side
from mosim_gym.rl.strategies.zero_shot import config_for, zero_shot
from mosim_gym.robots import find_task
from mosim_gym.studies.benchmark import measure_policy, zero_shot_table


@pytest.mark.parametrize("task", ["ReacherEasy", "CartpoleSwingup"])
def test_shimmy_pays_what_the_real_task_pays(task):
    """The drop-in: a policy made for this package's spaces plays in plain Shimmy."""
    policy = scripted_policy(task)
    ours = real_return(task, policy, episodes=2)
    theirs = shimmy_return(task, policy, episodes=2)
    if task == "CartpoleSwingup":  # every start leads to the same return, nearly
        assert theirs.mean == pytest.approx(ours.mean, rel=0.1)
    assert theirs.mean > 300


def test_shimmy_has_every_task_of_dm_control_under_its_id():
    gymnasium.register_envs(pytest.importorskip("shimmy"))
    real = [task for task in mosim_gym.tasks() if find_task(task)[1].in_dm_control]
    assert {shimmy_id(task) for task in real} <= set(gymnasium.registry)


def test_the_order_of_observations_is_a_permutation():
    for task in mosim_gym.tasks():
        order = shimmy_order(task)
        assert sorted(order) == list(range(len(order)))
    assert shimmy_order("ReacherEasy").tolist() == [0, 1, 2, 3, 4, 5]


def test_truth_and_model_are_shown_from_the_same_start():
    shown = side_by_side("PendulumSwingup", scripted_policy("PendulumSwingup"), steps=20)
    assert len(shown.truth) == len(shown.prediction)
    np.testing.assert_array_equal(shown.truth[0], shown.prediction[0])
    assert shown.errors.shape == (20,)
    assert np.nanmax(shown.errors) < 1e-3


def test_a_film_of_truth_above_prediction(tmp_path):
    video = tmp_path / "both.mp4"
    main(["render", "PendulumSwingup", "--side-by-side", str(video), "--steps", "12", "--out", str(tmp_path)])
    assert video.stat().st_size > 1000
    errors = json.loads((tmp_path / "result.json").read_text())["squared_error"]
    assert len(errors) == 12
    assert max(errors) < 1e-3


def test_what_stands_beside_a_policy_in_the_results(tmp_path):
    config = config_for("PendulumSwingup", num_envs=4, warm_up=40, updates=1, evaluation_episodes=4)
    result = zero_shot("PendulumSwingup", config, budget=60, max_steps=200, folder=tmp_path)
    assert result.policy.card["curve"] == result.curve
    measured = measure_policy(tmp_path / "policy.safetensors", episodes=2, shimmy=1)
    real = real_return("PendulumSwingup", result.policy, episodes=2)
    assert measured["real"]["mean"] == real.mean
    assert measured["gap"] == pytest.approx(measured["in_model"]["mean"] - real.mean)
    assert measured["allowed_gap"] >= 20
    assert measured["model"]["transitions"] > 0
    assert f"**{real.mean:.0f}**" in zero_shot_table({"PendulumSwingup-seed0": measured})


def test_films_and_tables_say_what_is_wrong(tmp_path):
    policy = ActorPolicy([(np.zeros((2, 5)), np.zeros(2))], -np.ones(1), np.ones(1), {"task": "CartpoleSwingup"})
    path = policy.save(tmp_path / "policy.safetensors")
    with pytest.raises(SystemExit):
        main(["render", "PendulumSwingup", "--policy", str(path), "--out", str(tmp_path)])


def test_a_policy_from_start_to_finish_on_the_command_line(tmp_path, capsys, drawn):
    run = tmp_path / "run"
    typed = ["rl", "zero-shot", "PendulumSwingup", "--budget", "1s", "--episodes", "1", "--out", str(run)]
    main([*typed, "--set", "evaluation_episodes=1"])
    names = {path.name for path in run.iterdir()}
    assert {"result.json", "policy.safetensors", "learning.png", "policy.mp4", "strip.png", "tensorboard"} <= names
    assert isinstance(mosim_gym.load_policy(run / "policy.safetensors"), ActorPolicy)
    policy = str(run / "policy.safetensors")
    out = str(tmp_path / "evaluation")
    main(["rl", "evaluate", "PendulumSwingup", "--policy", policy, "--episodes", "1", "--out", out])
    assert "real return" in capsys.readouterr().out
