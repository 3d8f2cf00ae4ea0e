"""A simulation is learned and frozen, and one more corrector learns what it leaves of measured motion."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from tests.training.measured import QUICK, pendulum_logs
from tests.training.wrong_masses import arm_file, measured_arm

import mosim_gym
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.training.config import Stage
from mosim_gym.training.from_logs import train

RUN = {"members": 1, "config": QUICK, "memory": 0}
BLOCKED = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("mujoco", "dm_control"):
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Refuse())
import numpy as np, mosim_gym
model = mosim_gym.load(sys.argv[1])
path = model.rollout(np.zeros((3, 2)), np.ones((3, 2)), np.zeros((3, 5, 2)))
assert np.isfinite(path.qpos).all() and model.card["known"] == "simulation"
"""


def _error(model, logs):
    return mosim_gym.evaluate_prediction(model, logs, horizons=[0.1]).overall()[0]


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """The folder of a finished run that knew the simulation, and the model."""
    place = tmp_path_factory.mktemp("learned")
    model = train(str(arm_file(place)), measured_arm(place), known="simulation", steps=240, folder=place / "out", **RUN)
    return place, model


def test_what_a_wrong_file_leaves_is_learned(learned):
    place, model = learned
    test = measured_arm(place, segments=4, seed=1)
    simulated = mosim_gym.load(place / "out" / "simulation" / "checkpoint.safetensors")
    assert _error(model, test) < 0.85 * _error(simulated, test)
    weights = dict(model.model.named_parameters())
    for name, value in simulated.model.named_parameters():
        torch.testing.assert_close(weights[name], value, rtol=0, atol=0)


def test_the_card_says_what_was_simulated_and_what_it_cost(learned):
    card = learned[1].card
    assert card["known"] == "simulation"
    found = card["simulation"]
    assert found["motion"] == "simulation of arm.xml, seed 0"
    assert found["seconds"] == pytest.approx(0.9 * 1000, rel=0.01)
    assert found["seeds"] == [0]
    assert card["held_out"]["error_beside_still"] < found["error_beside_still"]
    assert card["core_minutes"] > 0
    assert card["training_steps"] + found["training_steps"] == 240


def test_the_checkpoint_predicts_without_mujoco(learned):
    path = learned[0] / "out" / "checkpoint.safetensors"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_run_that_is_interrupted_in_either_part_ends_with_the_same_model(tmp_path):
    path, logs = str(arm_file(tmp_path)), measured_arm(tmp_path, segments=4)
    run = {"known": "simulation", "steps": 100, "save_every": 0.0, **RUN}

    def stop_after(share):
        def report(state):
            if state["share"] > share:
                raise KeyboardInterrupt

        return report

    whole = train(path, logs, folder=tmp_path / "whole", **run)
    for share in (0.15, 0.55):
        with pytest.raises(KeyboardInterrupt):
            train(path, logs, folder=tmp_path / "out", report=stop_after(share), **run)
        assert (tmp_path / "out" / "state.safetensors").exists() == (share > 0.4)
    again = train(path, logs, folder=tmp_path / "out", **run)
    assert again.model.digest() == whole.model.digest()
    (tmp_path / "out" / "simulation" / "state.safetensors").unlink()
    with pytest.raises(FileFault, match="learned no simulation first"):
        train(path, logs, folder=tmp_path / "out", **run)


def test_a_model_of_simulated_motion_may_be_given_and_goes_on(learned):
    place, _ = learned
    logs = measured_arm(place)
    simulated = mosim_gym.load(place / "out" / "simulation" / "checkpoint.safetensors")
    known = train(simulated.robot, logs, start=simulated, known="simulation", config=QUICK, steps=40, memory=2)
    assert known.memory == 2
    later = train(simulated.robot, logs, start=known, config=QUICK, steps=20)
    assert later.card["simulation"] == known.card["simulation"]
    assert later.model.config == known.model.config
    assert later.card["held_out"]["error_beside_still"] <= known.card["held_out"]["error_beside_still"]


def test_a_packaged_model_gets_a_memory():
    logs, test = pendulum_logs(), pendulum_logs(segments=2, seed=1)
    packaged = mosim_gym.load("pendulum")
    model = train("pendulum", logs, start="pendulum", known="simulation", config=QUICK, steps=120)
    assert (packaged.memory, model.memory) == (0, 1)
    assert _error(model, test) < 0.5 * _error(packaged, test)


def test_what_does_not_go_together_is_one_sentence(learned, tmp_path):
    place, known = learned
    logs, path = measured_arm(tmp_path), str(place / "arm.xml")
    measured = train(path, logs, steps=5, members=1, config=QUICK, memory=1)
    predictor = replace(QUICK, stages=(Stage("predictor", 1.0),))
    for robot, options, said in (
        (logs.robot, {}, "a Robot does not keep its file: give the file's path"),
        ("pendulum", {}, "'pendulum' is no file to simulate: give the path of an MJCF or URDF file"),
        (path, {"start": measured}, "the model to start from learned measured motion"),
        (path, {"start": known, "memory": 3}, "the model to start from has its own, 0"),
        (path, {"config": predictor}, "'predictor' has nothing to learn where the simulation is known"),
    ):
        data = pendulum_logs(2, 100) if robot == "pendulum" else logs
        with pytest.raises(ValueError, match=said):
            train(robot, data, known="simulation", **options)
    with pytest.raises(FileFault, match="holds the motion of 'arm'"):
        train(path, logs, known="simulation", start="pendulum")
