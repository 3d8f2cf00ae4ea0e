"""Errors of predictions on logs, by joint and horizon."""

from __future__ import annotations

import numpy as np
import pytest
from tests.data.logged import arm, arm_motion, cube, turning
from tests.dynamics.test_simulator import remembering
from tests.training.measured import pendulum_logs
from tests.training.wrong_masses import arm_file

import mosim_gym
from mosim_gym.data.logs import Logs
from mosim_gym.evaluation.floors import ConstantVelocity, HoldLast
from mosim_gym.evaluation.logged import LoggedErrors
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.mechanics.world_model import WorldModel


class Ahead(WorldModel):
    """Says of every joint that it is `by` further than in the last true state, and takes note of what it was given."""

    title = "ahead"
    context = 3

    def __init__(self, by):
        self.by, self.histories = by, []

    def fit(self, data, budget, seed):
        pass

    def rollout(self, history, actions):
        self.histories.append(history)
        shape = (1, actions.shape[1], 1)
        return Trajectory(np.tile(history.qpos[:, -1:] + self.by, shape), np.tile(history.qvel[:, -1:], shape), None)


@pytest.fixture
def arm_logs():
    motion = arm_motion(300)
    return Logs(arm(), motion["qpos"], motion["qvel"], motion["action"], np.array([0, 100, 300]))


def test_errors_are_of_each_joint_at_each_horizon(arm_logs):
    found = mosim_gym.evaluate_prediction(HoldLast(), arm_logs, horizons=[0.02, 0.1])
    assert found.parts == ("shoulder", "elbow")
    assert found.units == ("rad", "rad")
    assert found.horizons == pytest.approx((0.02, 0.1))
    windows = [s.qpos[i : i + 11] for s in arm_logs for i in range(len(s.actions) - 9)]
    assert found.windows == len(windows)
    true = np.stack(windows)
    for column, step in enumerate((2, 10)):
        expected = np.sqrt(np.square(true[:, step] - true[:, 0]).mean(0))
        np.testing.assert_allclose(found.rmse["hold last"][:, column], expected)
    np.testing.assert_allclose(found.overall(), np.sqrt(np.square(found.rmse["hold last"]).mean(0)))


def test_floors_stand_beside_the_model_and_the_table_has_all_of_them(arm_logs):
    found = mosim_gym.evaluate_prediction(Ahead(0.5), arm_logs)
    assert found.titles == ("ahead", "hold last", "constant velocity", "linear model")
    said = str(found)
    assert [line.split("|")[1].strip() for line in said.splitlines()[3::2]] == list(found.titles)
    assert "shoulder, rad" in said
    assert "0.25 s" in said


def test_a_model_gets_the_true_states_that_it_needs(arm_logs):
    model = Ahead(0.0)
    found = mosim_gym.evaluate_prediction(model, arm_logs, horizons=[0.05])
    history = model.histories[0]
    assert history.qpos.shape[1:] == (3, 2)
    assert history.actions.shape[1:] == (2, 2)
    assert found.windows == 100 - 2 - 5 + 200 - 2 - 5
    np.testing.assert_array_equal(found.rmse["ahead"], found.rmse["hold last"])


def test_rotations_and_places_of_a_free_body_have_their_own_units():
    qpos, qvel = turning(60)
    logs = Logs(cube(), qpos, qvel, np.zeros((60, 0)), np.array([0, 60]))
    found = mosim_gym.evaluate_prediction(ConstantVelocity(cube()), logs, horizons=[0.1])
    assert found.parts == ("place of root", "rotation of root")
    assert found.units == ("m", "rad")
    assert found.rmse["constant velocity"][:, 0] == pytest.approx([0.04, 0.0], abs=1e-6)
    assert found.rmse["hold last"][1, 0] == pytest.approx(0.4)
    with pytest.raises(ValueError, match="No part of cube is in 'K'; its parts are in m, rad"):
        found.overall("K")


def test_a_record_becomes_plain_data_and_back(arm_logs):
    found = mosim_gym.evaluate_prediction(HoldLast(), arm_logs)
    again = LoggedErrors.from_dict("arm", found.to_dict())
    assert str(again) == str(found)


def test_horizons_longer_than_the_segments_are_left_out_or_refused(arm_logs):
    short = Logs(arm(), arm_logs.qpos, arm_logs.qvel, arm_logs.actions, np.arange(0, 301, 15))
    assert mosim_gym.evaluate_prediction(HoldLast(), short).horizons == pytest.approx((0.05, 0.1))
    with pytest.raises(ValueError, match="has 14 control steps, too few for a window of 50"):
        mosim_gym.evaluate_prediction(HoldLast(), short, horizons=[0.5])
    with pytest.raises(ValueError, match="horizons are"):
        mosim_gym.evaluate_prediction(HoldLast(), short, horizons=[])


def test_horizons_that_are_no_whole_steps_are_told(arm_logs):
    found = mosim_gym.evaluate_prediction(HoldLast(), arm_logs, horizons=[0.023, 0.1])
    assert found.horizons == pytest.approx((0.02, 0.1))
    said = "Horizons are whole control steps of 0.01 s: 0.023 s became 0.02 s."
    assert str(found).splitlines()[-1] == said
    assert LoggedErrors.from_dict("arm", found.to_dict()).notes == found.notes == (said,)
    assert mosim_gym.evaluate_prediction(HoldLast(), arm_logs, horizons=0.1).notes == ()


def test_a_linear_model_of_few_control_steps_is_left_out_and_it_is_told(arm_logs):
    few = Logs(arm(), arm_logs.qpos[:20], arm_logs.qvel[:20], arm_logs.actions[:20], np.array([0, 20]))
    found = mosim_gym.evaluate_prediction(HoldLast(), few, horizons=[0.05])
    assert found.titles == ("hold last", "constant velocity")
    assert found.notes[0].startswith(
        "There is no linear model: it needs 35 control steps to be fitted, and these logs have 19"
    )


def test_models_and_logs_may_be_names_of_files(arm_logs, tmp_path):
    arm_logs.save(tmp_path / "logs")
    from_file = mosim_gym.evaluate_prediction(HoldLast(), tmp_path / "logs")
    assert str(from_file) == str(mosim_gym.evaluate_prediction(HoldLast(), arm_logs))
    swing = pendulum_logs(1, 60)
    assert mosim_gym.evaluate_prediction("pendulum", swing, horizons=[0.1]).titles[0] == "dynamics"
    for arguments, said in (
        ((tmp_path / "no.safetensors", swing), r"no\.safetensors"),
        ((np.zeros(3), swing), "ndarray is not a predictor of motion"),
        (
            (HoldLast(), np.zeros(3)),
            r"data is a ndarray; it must be Logs, as mosim_gym\.import_logs returns, or the folder",
        ),
        ((HoldLast(), str(tmp_path)), "holds no imported logs; import them by mosim_gym.import_logs"),
        ((HoldLast(), swing, "0.1"), r"horizons are '0\.1'; give positive numbers of seconds, such as \[0\.1, 0\.5\]"),
    ):
        with pytest.raises((TypeError, ValueError, OSError, KeyError), match=said):
            mosim_gym.evaluate_prediction(*arguments)


def test_dynamics_of_another_robot_are_refused(arm_logs):
    with pytest.raises(FileFault, match=r"`data` holds the motion of 'arm' with the actuators .*, not of 'acrobot'"):
        mosim_gym.evaluate_prediction(remembering(), arm_logs)


def test_windows_in_which_a_prediction_is_not_finite_are_counted_and_left_out(arm_logs):
    class Sometimes(Ahead):
        def rollout(self, history, actions):
            path = super().rollout(history, actions)
            path.qpos[::4, -1] = np.nan
            return path

    whole, found = (mosim_gym.evaluate_prediction(kind(0.5), arm_logs, horizons=[0.05]) for kind in (Ahead, Sometimes))
    assert found.diverged == {"ahead": pytest.approx(0.25, abs=0.01)}
    assert "ahead diverged in 25" in str(found)
    np.testing.assert_allclose(found.rmse["ahead"], whole.rmse["ahead"], rtol=0.1)
    assert LoggedErrors.from_dict("arm", found.to_dict()).diverged == found.diverged
    assert whole.diverged == {}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            lambda q, v: Trajectory(q[:, 1:], v[:, 1:], None),
            r"'ahead' predicted qpos of float64 and shape \(\d+, 4, 2\)",
        ),
        (
            lambda q, v: Trajectory(q, v[..., :1], None),
            r"'ahead' predicted qvel of float64 and shape .* of shape \(\d+, 5, 2\)",
        ),
        (lambda q, v: (q, v), r"'ahead' returned a tuple; its rollout must return Trajectory\(qpos, qvel, sensors\)"),
    ],
)
def test_a_prediction_of_a_wrong_shape_is_an_error_that_names_the_world_model(arm_logs, path, said):
    class Wrong(Ahead):
        def rollout(self, history, actions):
            right = super().rollout(history, actions)
            return path(right.qpos, right.qvel)

    with pytest.raises((ValueError, TypeError), match=said):
        mosim_gym.evaluate_prediction(Wrong(0.5), arm_logs, horizons=[0.05])


def test_mujoco_with_the_robots_file_stands_beside_the_model(tmp_path):
    path = arm_file(tmp_path)
    logs = mosim_gym.simulated_logs(path, segments=4, duration=1.0, timestep=0.02)
    found = mosim_gym.evaluate_prediction(HoldLast(), logs, horizons=0.1, simulation=path)
    assert found.titles[-1] == "simulation"
    assert found.rmse["simulation"].max() < 1e-6 < found.rmse["hold last"].max()
    pendulum = mosim_gym.load("pendulum").robot
    qpos, qvel = np.zeros((60, 1)), np.zeros((60, 1))
    still = Logs(pendulum, qpos + np.pi, qvel, np.zeros((60, 1)), np.array([0, 60]))
    assert mosim_gym.evaluate_prediction("pendulum", still, simulation="truth").rmse["simulation"].max() < 1e-3
