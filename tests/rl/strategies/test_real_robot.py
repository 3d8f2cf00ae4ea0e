"""A robot of one's own in few-shot and on-policy learning."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from tests.training.measured import QUICK, pendulum_logs

import mosim_gym
from mosim_gym.density.flow import FlowConfig
from mosim_gym.rl.real_steps import real_steps
from mosim_gym.rl.run import STATE, read_run
from mosim_gym.rl.strategies import few_shot as few
from mosim_gym.rl.strategies.on_policy import config_for_schedule, on_policy
from mosim_gym.rl.strategies.real_robot import GymRobot, Measured, RealRobot, RobotSilent
from mosim_gym.rl.strategies.real_world import RealWorld
from mosim_gym.robots import load_robot
from mosim_gym.robots.function_task import FunctionTask, TaskFunctions
from mosim_gym.training.from_logs import train
from mosim_gym.training.log_density import train_density

SCRIPT = Path(__file__).with_name("fake_robot.py")
LOOP = {
    "real_envs": 1, "round_steps": 20, "model_updates": 2, "model_batch": 32, "branches": 4, "branch": 8, "virtual_steps": 8, "horizon": 4,
    "width": 16, "evaluate_every": 40,
}  # fmt: skip


def upright(features, action):
    return torch.cos(features.joint("hinge"))


def _task(**changes):
    return FunctionTask(replace(load_robot("pendulum"), **changes), TaskFunctions(upright))


class SocketRobot(RealRobot):
    """The bridge that a user writes."""

    episode_steps = 25

    def __init__(self, port, task):
        self.port, self.task = port, task
        self._stream = None

    def reset(self):
        try:
            connection = socket.create_connection(("127.0.0.1", self.port), timeout=0.5)
        except OSError as error:
            raise RobotSilent(f"The robot at port {self.port} cannot be reached.") from error
        self._stream = connection.makefile("rw")
        return self._ask({"do": "reset"})

    def step(self, command):
        return self._ask({"do": "step", "command": command.tolist()})

    def _ask(self, question):
        try:
            self._stream.write(json.dumps(question) + "\n")
            self._stream.flush()
            answer = json.loads(self._stream.readline() or "null")
        except TimeoutError as error:
            raise RobotSilent(f"The robot at port {self.port} has not answered for half a second.") from error
        if answer is None:
            raise RobotSilent(f"The robot at port {self.port} has hung up.")
        return Measured(np.array(answer["qpos"]), np.array(answer["qvel"]), on_time=answer["ticks"] == 1)


@contextmanager
def running(folder, silent_after, drop_every=7):
    """The port of a fake robot that falls silent after so many steps."""
    place = folder / f"port-{silent_after}"
    process = subprocess.Popen([sys.executable, str(SCRIPT), str(place), str(drop_every), str(silent_after)])
    try:
        for _ in range(200):
            if place.exists() and place.read_text():
                break
            time.sleep(0.05)
        yield int(place.read_text())
    finally:
        process.kill()
        process.wait()


def test_late_steps_are_counted_and_not_learned_from(tmp_path):
    with running(tmp_path, silent_after=10_000) as port:
        world = RealWorld(SocketRobot(port, _task()))
        data = world.collect(world.random, 30)
    assert world.steps == 30
    assert len(data.qpos) == 26  # every seventh was late
    assert [steps for steps, _ in world.returns] == [25]
    assert data.acceleration.abs().max() < 60


@pytest.mark.slow
def test_a_run_whose_robot_falls_silent_loses_nothing_and_goes_on(tmp_path):
    config = config_for_schedule(**LOOP, random_steps=40, members=1, first_model_updates=3)
    folder, reports = tmp_path / "run", []
    with running(tmp_path, silent_after=25) as port, pytest.raises(RobotSilent, match="not answered for half a second"):
        on_policy(SocketRobot(port, _task(name="swing")), config, real_steps=100, folder=folder)
    first, _ = read_run(folder / STATE)
    assert int(first["world/steps"]) == 25
    with running(tmp_path, silent_after=50) as port, pytest.raises(RobotSilent):
        on_policy(SocketRobot(port, _task(name="swing")), config, real_steps=100, folder=folder, report=reports.append)
    second, _ = read_run(folder / STATE)
    assert int(second["world/steps"]) == 75
    with running(tmp_path, silent_after=10_000) as port:
        result = on_policy(SocketRobot(port, _task(name="swing")), config, real_steps=100, folder=folder)
    last, header = read_run(folder / STATE)
    assert int(last["world/steps"]) == 100
    for before, after in ((first, second), (second, last)):
        rows = len(before["model/data/qpos"])
        np.testing.assert_array_equal(after["model/data/qpos"][:rows], before["model/data/qpos"])
        assert len(after["model/data/qpos"]) > rows
    assert int(last["model/updates"]) > int(second["model/updates"]) > 0
    assert result.record.task == "swing behind SocketRobot"
    assert header["record"]["curve"][-1]["real_steps"] == 100
    assert result.policy.card["real_steps"] == 100


def test_few_shot_learns_on_a_robot_behind_gymnasium(tmp_path):
    task = mosim_gym.make_env("pendulum", upright).task
    robot = GymRobot(gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth"), task, seed=0, episode_steps=30)
    config = few.config_for_schedule(**LOOP, random_steps=20, pretraining_share=0.0)
    result = few.few_shot(robot, config, real_steps=60, folder=tmp_path / "run")
    assert [steps for steps, _ in result.returns] == [30, 60]
    assert result.policy.predict(np.zeros(3, np.float32))[0].shape == (1,)


def test_few_shot_from_a_model_of_logs_stays_near_its_logs(tmp_path):
    logs = pendulum_logs(2, 100)
    model = train("pendulum", logs, members=1, config=QUICK, steps=5, memory=0)
    env = gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth")
    config = few.config_for_schedule(**LOOP, random_steps=20, pretraining_share=0.0, penalty="density")
    run = {"real_steps": 40, "checkpoint": model}
    task = mosim_gym.make_env(model, upright).task
    with pytest.raises(ValueError, match="models of logs have one if they are trained with density=True"):
        few.few_shot(GymRobot(env, task, seed=0), config, folder=tmp_path / "without", **run)
    model.density = train_density("pendulum", logs, config=FlowConfig(blocks=2, width=16), steps=10)
    result = few.few_shot(GymRobot(env, task, seed=0), config, folder=tmp_path / "with", **run)
    assert result.model.density is model.density


def test_no_model_learns_from_the_leap_between_two_episodes_of_an_environment():
    env = gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth", max_episode_steps=5)
    world = RealWorld(GymRobot(env, _task(), seed=0))
    data = world.collect(world.random, 12)
    assert (world.steps, len(data.qpos)) == (12, 10)
    assert data.acceleration.abs().max() < 60


def test_what_no_robot_can_do_is_refused(tmp_path):
    robot = GymRobot(gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth"), _task(name="swing"))
    with pytest.raises(ValueError, match="a robot is one environment: set real_envs=1"):
        on_policy(robot, config_for_schedule(random_steps=20), real_steps=100, folder=tmp_path / "a")
    config = few.config_for_schedule(**LOOP, random_steps=20)
    with pytest.raises(ValueError, match=r"swing is not packaged, .* set pretraining_share=0"):
        few.few_shot(robot, config, real_steps=100, folder=tmp_path / "b", checkpoint="pendulum")
    wrong = GymRobot(robot.env, _task(), lambda observation, info: (observation, info["qvel"]))
    with pytest.raises(ValueError, match=r"GymRobot measured qpos of shape \(3,\); pendulum needs \(1,\)"):
        RealWorld(wrong).collect(lambda seen: np.zeros((1, 1), np.float32), 1)


def test_few_shot_goes_on_with_a_model_that_reads_the_commands_before(tmp_path):
    """Interrupted on the way, too; members judge where they disagree."""
    model = train("pendulum", pendulum_logs(2, 100), members=2, config=QUICK, steps=5, memory=2)
    task = mosim_gym.make_env(model, upright).task
    robot = GymRobot(gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth"), task, seed=0, episode_steps=15)
    config = few.config_for_schedule(**LOOP, random_steps=20, pretraining_share=0.0, penalty="disagreement")
    for steps in (45, 60):
        result = few.few_shot(robot, config, real_steps=steps, folder=tmp_path, checkpoint=model)
    assert (result.model.memory, len(result.returns)) == (2, 4)
    assert result.policy.predict(np.zeros(3, np.float32))[0].shape == (1,)
    arrays, _ = read_run(tmp_path / STATE)
    commands = arrays["model/data/action"]
    first = np.r_[0:60:15]
    np.testing.assert_array_equal(commands[first, 0], commands[first, 2])
    np.testing.assert_array_equal(commands[2:15, 0], commands[:13, 2])
    np.testing.assert_array_equal(commands[1:15, 1], commands[:14, 2])
    logs = real_steps(tmp_path)
    np.testing.assert_allclose(logs.actions[:15], commands[:15, 2:], rtol=1e-6)


def test_on_policy_learns_a_model_that_reads_the_commands_before(tmp_path):
    robot = GymRobot(gym.make("MoSim/PendulumSwingup-v0", checkpoint="truth"), _task(), seed=0, episode_steps=15)
    config = config_for_schedule(**LOOP, random_steps=20, members=1, first_model_updates=3, memory=1)
    result = on_policy(robot, config, real_steps=40, folder=tmp_path)
    assert result.model.memory == 1
    assert read_run(tmp_path / STATE)[0]["model/data/action"].shape == (40, 2)


def test_real_steps_in_mujoco_have_the_commands_before_within_their_episode():
    worlds = [RealWorld("PendulumSwingup", 2, seed=0, episode=6, memory=1) for _ in range(2)]
    act = lambda seen: np.linspace(-0.5, 0.5, 2, dtype=np.float32)[:, None] * (1 + np.abs(seen[:, :1]))  # noqa: E731
    whole = worlds[0].collect(act, 16)
    parts = [worlds[1].collect(act, 10)]
    resumed = RealWorld("PendulumSwingup", 2, seed=5, episode=6, memory=1)
    resumed.restore(worlds[1].state())
    parts.append(resumed.collect(act, 6))
    assert torch.equal(whole.action, torch.cat([part.action for part in parts]))
    steps = whole.action.unflatten(0, (8, 2))
    for step in range(8):
        before = steps[step, :, 1] if step in (0, 6) else steps[step - 1, :, 1]
        assert torch.equal(steps[step, :, 0], before)
