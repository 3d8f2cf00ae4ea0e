"""The yardsticks themselves: they give zero to the truth, and what is known to be bad a bad mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mosim_gym
from mosim_gym.evaluation.checkpoint_report import checkpoint_report, endurance_table, write_pictures
from mosim_gym.evaluation.endurance import endurance, within
from mosim_gym.evaluation.floors import HoldLast, floors
from mosim_gym.evaluation.heldout import (
    burn_in_steps,
    multilayer_perceptron,
    policy_controller,
    policy_test,
    random_test,
)
from mosim_gym.evaluation.prediction import prediction_errors, prediction_table, state_variance
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.world_model import WorldModel
from mosim_gym.robots import load_robot, load_task
from mosim_gym.truth.dynamics import TrueDynamics


class Says(WorldModel):
    """Predicts what it is told to."""

    title = "told"

    def __init__(self, path):
        self.path = path

    def fit(self, data, budget, seed):
        pass

    def rollout(self, history, actions):
        return self.path


BOX = {"qpos": [[None], [None]], "qvel": [[-30.0], [30.0]]}

POLICIES = Path(__file__).resolve().parents[2] / "benchmarks" / "policies" / "test"


def test_the_truth_has_no_error_and_is_valid_throughout():
    test = random_test("acrobot", "uniform", segments=20, steps=60, seed=4)
    errors = prediction_errors(TrueDynamics("acrobot"), test, control_step=0.01)
    assert errors["raw"] == {"3": 0, "5": 0, "10": 0, "16": 0}
    assert errors["valid_seconds"] == pytest.approx(0.6)
    hold = prediction_errors(HoldLast(), test, control_step=0.01)
    assert hold["raw"]["16"] > 0.1
    assert hold["valid_seconds"] < 0.5


def test_a_test_begins_after_eight_seconds_of_motion_whatever_the_step():
    for name, steps in (("humanoid", 320), ("humanoid@0.005", 1600), ("fish", 200)):
        assert burn_in_steps(load_robot(name)) == steps
    test = random_test("humanoid@0.005", "poisson", segments=8, steps=10, seed=4)
    falling = np.abs(test.next_qvel[..., 2]).mean()
    assert falling < 0.5  # m/s; it was let go of in the air, and lies on the ground by now


def test_a_policy_acts_through_the_burn_in_of_its_test():
    asked = []

    def remember(observations):
        asked.append(observations)
        return np.zeros((len(observations), 1))

    test = policy_test("PendulumSwingup", remember, segments=8, steps=10, seed=4)
    assert len(asked) == burn_in_steps(load_robot("pendulum")) + 10
    assert test.actions.shape == (8, 10, 1)


def test_errors_are_what_they_are_said_to_be():
    test = random_test("pendulum", "poisson", segments=10, steps=20, seed=4)

    errors = prediction_errors(Says(Trajectory(test.next_qpos + 0.5, test.next_qvel, None)), test)
    assert errors["raw"]["16"] == pytest.approx(0.125)
    assert errors["normalised"]["10"] == pytest.approx(0.25 / state_variance(test)[0] / 2)


def test_touch_is_judged_where_it_is_felt():
    test = random_test("hopper", "uniform", segments=6, steps=20, seed=4)
    errors = prediction_errors(TrueDynamics("hopper"), test)
    assert max(errors["touch"].values()) < 1e-3  # the solver's warm start is not among the states
    numb = TrueDynamics("hopper").rollout(test.qpos, test.qvel, test.actions)
    path = numb._replace(sensors=np.zeros_like(numb.sensors))
    assert prediction_errors(Says(path), test)["touch"]["16"] > 0.3
    assert "touch" not in prediction_errors(HoldLast(), test)


def test_a_quaternion_and_its_negative_are_one_rotation():
    test = random_test("humanoid", "uniform", segments=4, steps=5, seed=4)
    flipped = test.next_qpos.copy()
    flipped[..., 3:7] *= -1

    assert prediction_errors(Says(Trajectory(flipped, test.next_qvel, None)), test)["raw"]["5"] == 0


def test_baselines_are_ordered_as_they_should_be():
    test = random_test("cheetah", "uniform", segments=100, steps=16, seed=4)
    raw = {floor.title: prediction_errors(floor, test)["raw"]["16"] for floor in floors("cheetah")}
    assert raw["chaos floor"] < raw["linear model"] < raw["hold last"]


def test_policy_segments_follow_the_policy_with_noise():
    held = policy_test("ReacherEasy", policy_controller("reacher", None)[2], segments=12, steps=20, seed=1)
    assert held.actions.shape == (12, 20, 2)
    path = TrueDynamics("reacher").rollout(held.qpos, held.qvel, held.actions)
    np.testing.assert_allclose(path.qpos, held.next_qpos, atol=1e-6)
    assert np.abs(held.actions).max() <= 1


def test_every_tested_task_exists_and_has_a_policy():
    from mosim_gym.evaluation.heldout import TESTED_TASKS

    for robot, task in TESTED_TASKS.items():
        assert load_task(task).robot.name == robot
        assert policy_controller(robot, POLICIES) is not None


def test_a_perceptron_is_evaluated_as_written(rng):
    sizes = ((4, 3), (4, 4), (2, 4))
    w = {f"w{i}": rng.normal(size=s) for i, s in enumerate(sizes)}
    w |= {f"b{i}": rng.normal(size=s[0]) for i, s in enumerate(sizes)}
    x = rng.normal(size=(5, 3))
    hidden = np.maximum(w["w1"] @ np.maximum(w["w0"] @ x[2] + w["b0"], 0) + w["b1"], 0)
    np.testing.assert_allclose(multilayer_perceptron(w)(x)[2], np.tanh(w["w2"] @ hidden + w["b2"]))


def test_long_rollouts_are_compared_with_the_truth():
    report = endurance("pendulum", TrueDynamics("pendulum"), BOX, segments=20, steps=100)
    assert report["finite"] == report["inside"] == report["truth_inside"] == 1
    assert report["deviation_off"] == report["mean_off"] == 0
    states = np.array([[[0.0], [1.0]], [[0.0], [3.0]], [[0.0], [np.nan]]])
    assert within([[-1], [2]], states).tolist() == [True, False, False]


def test_a_report_has_tables_and_pictures(tmp_path):
    simulator = mosim_gym.load("pendulum")
    report = checkpoint_report(
        "pendulum", {"pendulum": simulator}, box=BOX, segments=20, steps=20, long_segments=10, speed=False
    )
    assert "PendulumSwingup, scripted policy" in prediction_table(report)
    assert "100.0 %" in endurance_table(report)
    for path in write_pictures(tmp_path, "pendulum", report, simulator):
        assert path.stat().st_size > 5000
