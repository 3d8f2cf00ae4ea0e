"""Real steps of a run come out as logs, episode by episode."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.cli import main
from mosim_gym.data.log_files import open_logs
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.rl.real_steps import real_steps
from mosim_gym.rl.run import ROBOT, Run, RunRecord
from mosim_gym.rl.strategies import few_shot as few
from mosim_gym.rl.strategies.on_policy import config_for_schedule, on_policy
from mosim_gym.rl.strategies.real_robot import GymRobot, Measured, RealRobot
from mosim_gym.robots import load_robot
from mosim_gym.truth.dynamics import TrueDynamics

LOOP = {
    "real_envs": 1, "round_steps": 20, "model_updates": 2, "model_batch": 32, "branches": 4, "branch": 8, "virtual_steps": 8, "horizon": 4,
    "width": 16, "evaluate_every": 40, "episodes": 1,
}  # fmt: skip


def upright(features, action):
    return torch.cos(features.joint("hinge"))


class Recorded(GymRobot):
    """A robot that keeps what it measured, and is late in every seventh step."""

    def reset(self):
        found = super().reset()
        self.kept = [*getattr(self, "kept", []), [found]]
        return found

    def step(self, command):
        found = super().step(command)
        steps = sum(len(part) for part in self.kept)
        self.kept[-1].append(found := Measured(found.qpos, found.qvel, on_time=steps % 7 != 0))
        return found


@pytest.fixture(scope="module")
def on_robot(tmp_path_factory):
    """The folder of a run on a robot, and the robot."""
    folder = tmp_path_factory.mktemp("robot") / "run"
    task = mosim_gym.make_env("pendulum", upright).task
    robot = Recorded(gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth"), task, seed=0, episode_steps=20)
    config = few.config_for_schedule(**LOOP, random_steps=20, pretraining_share=0.0)
    few.few_shot(robot, config, real_steps=60, folder=folder)
    return folder, robot


def test_the_logs_are_what_the_robot_measured_on_time(on_robot):
    folder, robot = on_robot
    logs = real_steps(folder)
    assert isinstance(robot, RealRobot)
    late = sum(not found.on_time for part in robot.kept for found in part)
    assert logs.transitions == 60 - late
    assert (late, len(logs)) == (6, 9)  # three episodes, each cut twice
    measured = np.concatenate([[found.qpos for found in part] for part in robot.kept])
    assert np.abs(logs.qpos[:, None] - measured[None]).min(axis=1).max() < 1e-5
    assert logs.sources[0].startswith("pendulum behind Recorded, steps 0 to ")
    assert "Real steps of a run of few-shot" in str(logs.report())


def test_logs_of_a_run_can_be_saved_and_need_its_robot(on_robot, tmp_path, capsys):
    folder, _ = on_robot
    main(["import", str(folder), "--out", str(tmp_path / "logs")])
    assert f"of pendulum in {len(real_steps(folder))} segments" in capsys.readouterr().out
    np.testing.assert_array_equal(open_logs(tmp_path / "logs").qpos, real_steps(folder).qpos)
    for words, said in (
        ([str(folder), "--time-step", "0.1"], "--time-step is for logs in files"),
        ([str(folder), str(folder)], "one run at a time"),
        ([str(folder), "--robot", "cheetah"], "with 1 numbers in qpos; cheetah has 9"),
    ):
        with pytest.raises(SystemExit):
            main(["import", *words, "--out", str(tmp_path / "other")])
        assert said in capsys.readouterr().err
    (folder / ROBOT).rename(folder / "aside")
    try:
        with pytest.raises(FileFault, match="holds a run on pendulum behind Recorded, and not its description"):
            real_steps(folder)
        assert real_steps(folder, load_robot("pendulum")).transitions > 0
    finally:
        (folder / "aside").rename(folder / ROBOT)


def test_steps_of_several_environments_are_told_apart_and_are_the_truth(tmp_path):
    config = config_for_schedule(**{**LOOP, "real_envs": 2}, random_steps=40, members=1, first_model_updates=2)
    on_policy("PendulumSwingup", config, real_steps=60, folder=tmp_path / "run")
    logs = real_steps(tmp_path / "run")
    assert (len(logs), logs.lengths.tolist()) == (2, [30, 30])
    assert logs.sources[1].endswith("of environment 1")
    here, action = np.delete(np.arange(62), [30, 61]), np.delete(logs.actions, [30, 61], axis=0)
    after = TrueDynamics("pendulum", warm_start=False).step(logs.qpos[here], logs.qvel[here], action)
    np.testing.assert_allclose(after.qpos, logs.qpos[here + 1], atol=1e-5)
    np.testing.assert_allclose(after.qvel, logs.qvel[here + 1], atol=1e-4)


def test_a_run_without_real_transitions_is_refused(tmp_path):
    Run(tmp_path / "run", RunRecord("zero-shot", "PendulumSwingup", {}, "pendulum")).save()
    with pytest.raises(FileFault, match="a run of zero-shot, which keeps no real steps; few-shot and on-policy runs"):
        real_steps(tmp_path / "run")
    with pytest.raises(FileFault, match="There is no policy run file at"):
        real_steps(tmp_path)
