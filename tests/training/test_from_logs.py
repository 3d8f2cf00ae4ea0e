"""Training from logs alone: it learns, goes on after an interruption, and says what is wrong with its input."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.data.logged import arm, arm_motion, cube, turning
from tests.training.measured import QUICK, pendulum_logs

import mosim_gym
from mosim_gym.data.log_findings import LogsNote
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.training.config import Stage
from mosim_gym.training.from_logs import train
from mosim_gym.training.logs_config import TOUCHING


def _error(model, logs):
    return mosim_gym.evaluate_prediction(model, logs, horizons=[0.1]).overall()[0]


def test_late_torques_are_learned_from_the_commands_before():
    logs, test = pendulum_logs(), pendulum_logs(segments=2, seed=1)
    known = train("pendulum", logs, members=1, config=QUICK, steps=120)
    assert known.card["memory"]["chosen_by"] == "lag"
    assert known.memory == 1
    unknown = train("pendulum", logs, members=1, config=QUICK, steps=120, memory=0)
    still = mosim_gym.evaluate_prediction(known, test, horizons=[0.1]).overall(title="hold last")[0]
    assert _error(known, test) < 0.6 * _error(unknown, test)
    assert _error(known, test) < 0.2 * still


def test_an_interrupted_run_ends_with_the_same_model(tmp_path):
    logs = pendulum_logs(segments=4, steps=100)
    run = {"members": 2, "config": QUICK, "steps": 60, "save_every": 0.0, "memory": 1}

    def stop(state):
        if state["step"] > 30:
            raise KeyboardInterrupt

    whole = train("pendulum", logs, folder=tmp_path / "whole", **run)
    with pytest.raises(KeyboardInterrupt):
        train("pendulum", logs, folder=tmp_path / "broken", report=stop, **run)
    assert not (tmp_path / "broken" / "checkpoint.safetensors").exists()
    again = train("pendulum", logs, folder=tmp_path / "broken", **run)
    assert again.model.digest() == whole.model.digest()
    assert again.card["held_out"]["error_beside_still"] == whole.card["held_out"]["error_beside_still"]
    with pytest.raises(FileFault, match=r"holds a run with another data"):
        train("pendulum", pendulum_logs(segments=4, steps=100, seed=2), folder=tmp_path / "broken", **run)


def test_a_checkpoint_holds_the_robot_and_says_what_was_learned(tmp_path):
    logs = pendulum_logs(segments=4, steps=100)
    model = train("pendulum", logs, members=2, config=QUICK, steps=20, folder=tmp_path)
    again = mosim_gym.load(tmp_path / "checkpoint.safetensors")
    assert again.robot.integrator == "continuous"
    assert again.memory == model.memory == again.card["memory"]["memory"]
    learned, held_out = again.card["recipe"]["logs"], again.card["held_out"]
    assert learned["control_step"] == logs.control_step
    assert learned["seconds"] + held_out["seconds"] == pytest.approx(logs.seconds)
    assert held_out["rmse"]["dynamics"]["hinge"][0] > 0
    assert set(again.card["disagreement"]) == {"0.5", "0.9", "0.99", "0.999"}
    assert len(again.card["box"]["qvel"][0]) == 1
    assert 1 < len(again.card["starts"]["qpos"]) == len(again.card["starts"]["qvel"]) <= 256


def test_a_model_goes_on_from_another_one():
    logs = pendulum_logs(segments=4, steps=100)
    first = train("pendulum", logs, members=2, config=QUICK, steps=30, memory=2)
    second = train("pendulum", logs, config=QUICK, steps=40, start=first)
    assert (second.members, second.memory) == (2, 2)
    with pytest.raises(ValueError, match="memory is 1; the model to start from has its own, 2"):
        train("pendulum", logs, start=first, memory=1)
    assert second.card["refined_from"] == f"pendulum {first.model.digest()}"
    assert second.card["held_out"]["error_beside_still"] < first.card["held_out"]["error_beside_still"]


def test_masses_may_be_known(tmp_path):
    logs, test = pendulum_logs(), pendulum_logs(segments=2, seed=1)
    model = train("pendulum", logs, members=2, config=QUICK, steps=60, known="inertia", folder=tmp_path)
    assert model.model.inertia is None
    errors = mosim_gym.evaluate_prediction(model, test, horizons=[0.1])
    assert errors.overall()[0] < 0.6 * errors.overall(title="hold last")[0]
    again = mosim_gym.load(tmp_path / "checkpoint.safetensors")
    assert mosim_gym.evaluate_prediction(again, test, horizons=[0.1]).overall()[0] == errors.overall()[0]
    with pytest.raises(KeyError, match=r"Valid: inertia, simulation\."):
        train("pendulum", logs, known="friction")
    with pytest.raises(ValueError, match="known is 'inertia'; the model to start from was trained without"):
        train("pendulum", logs, known="inertia", start="pendulum")


def test_a_free_body_that_touches_is_learned_from_segments_shorter_than_the_windows():
    qpos, qvel = turning(180)
    logs = Logs(cube(), qpos, qvel, np.zeros((180, 0)), starts=np.arange(0, 181, 6))
    config = dataclasses.replace(QUICK, stages=TOUCHING)
    model = train(cube(), logs, members=1, config=config, steps=20, held_out=0.2)
    assert model.memory == 0
    path = model.rollout(qpos[:2], qvel[:2], np.zeros((2, 3, 0)))
    np.testing.assert_allclose(np.linalg.norm(path.qpos[..., 3:], axis=-1), 1, rtol=1e-5)
    assert set(model.card["held_out"]["rmse"]["dynamics"]) == {"place of root", "rotation of root"}


def _arm_logs(**changes):
    motion = arm_motion(300) | changes
    return Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 150, 300]))


def test_what_is_wrong_with_logs_is_one_sentence():
    still = arm_motion(300)
    still["qvel"][:, 1] = 0
    few = _arm_logs().subset([0])
    for robot, logs, options, said in (
        (arm(), _arm_logs(qvel=still["qvel"]), {}, "The joint 'elbow' never moves in the logs"),
        (load_robot("pendulum"), _arm_logs(), {}, "holds the motion of 'arm' with the joints shoulder, elbow, not of"),
        (arm(), few, {"held_out": 0.5}, r"have 74 control steps \(0.74 s\) to learn from; at least 100 are needed"),
        (arm(), _arm_logs(), {"held_out": 0}, "share is 0; it must be a number between 0 and 1"),
        (arm(), _arm_logs(), {"budget": "soon"}, "'soon' is not a duration"),
        (arm(), _arm_logs(), {"budget": "0s"}, "The duration '0s' must be above 0"),
        (arm(), _arm_logs(), {"budget": 0}, "budget is 0; it must be a positive number of seconds"),
        (arm(), _arm_logs(), {"members": 0}, "members is 0"),
    ):
        with pytest.raises((ValueError, FileFault), match=said):
            train(robot, logs, **options)
    with pytest.raises(TypeError, match=r"data is a dict; it must be Logs, as mosim_gym\.import_logs returns"):
        train(arm(), {})  # type: ignore[arg-type]


def test_logs_may_be_the_folder_where_they_were_saved(tmp_path):
    logs = pendulum_logs(segments=2, steps=100)
    logs.save(tmp_path)
    from_folder, same = (train("pendulum", data, members=1, config=QUICK, steps=10) for data in (tmp_path, logs))
    assert from_folder.model.digest() == same.model.digest()
    with pytest.raises(FileFault, match=r"holds no imported logs; import them by mosim_gym\.import_logs"):
        train("pendulum", tmp_path / "no")


def test_a_memory_that_no_segment_can_fill_is_refused_at_once():
    logs = pendulum_logs(segments=2, steps=100)
    said = r"memory is 500, and the longest segment to learn from has 100 control steps; give a memory below 100"
    with pytest.raises(ValueError, match=said):
        train("pendulum", logs, memory=500)
    with pytest.raises(ValueError, match="the longest segment to test on has 20 control steps; give a memory below 20"):
        train("pendulum", logs, memory=30, held_out=pendulum_logs(1, 20, seed=3))


def test_progress_is_shown_where_it_is_asked_for(capsys):
    logs, seen = pendulum_logs(segments=2, steps=100), []
    run = {"members": 1, "config": QUICK, "steps": 40}
    train("pendulum", logs, **run)
    assert capsys.readouterr().err == ""  # no terminal
    model = train("pendulum", logs, progress=True, report=seen.append, **run)
    assert "pendulum 100 %: " in capsys.readouterr().err
    assert len(seen) > 1
    assert model.card["transitions"] == 100
    assert repr(model) == "Simulator('pendulum', control_step=0.02, members=1, memory=1, learned=2.0 s of logs)"


def test_held_out_logs_may_be_given(tmp_path):
    logs = pendulum_logs(segments=2, steps=100)
    model = train("pendulum", logs, members=1, config=QUICK, steps=10, held_out=pendulum_logs(1, 50, seed=3))
    assert model.card["held_out"]["control_steps"] == 50
    assert model.card["transitions"] == 200
    with pytest.raises(ValueError, match=r"have 5 control steps .* to test on; at least 10 are needed"):
        train("pendulum", logs, held_out=pendulum_logs(1, 5, seed=3))


def test_stages_of_one_kind_alone_are_a_training():
    config = dataclasses.replace(QUICK, stages=(Stage("multistep", 1.0, horizon=3),))
    model = train("pendulum", pendulum_logs(2, 100), members=1, config=config, steps=10)
    assert model.card["training_steps"] == 10


def test_commands_that_are_clipped_are_told_and_stand_in_the_card():
    logs = pendulum_logs(2, 100)
    logs = dataclasses.replace(logs, actions=np.where(logs.actions > 0, 100 * logs.actions, logs.actions))
    with pytest.warns(LogsNote, match=r"of the rows are outside\. Training clips such commands to the range"):
        model = train("pendulum", logs, members=1, config=QUICK, steps=10)
    (share,) = model.card["recipe"]["logs"]["clipped"].values()
    assert 0.4 < share < 0.6
