"""Robots from myo-sim's models move as these do, without their meshes and muscles; without the package they are absent."""

from __future__ import annotations

import subprocess
import sys

import gymnasium as gym
import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.compiling import load_model
from mosim_gym.mechanics.tendons import SpatialTendons
from mosim_gym.robots import find_robot, load_robot, load_task

TASKS = {"motorfinger": "FingerPose", "elbow": "ElbowPose", "hand": "HandPose"}
SIZES = {"motorfinger": (4, 5), "elbow": (1, 6), "hand": (23, 39)}
STATES = 100
WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "myo_sim":
            raise ModuleNotFoundError(name)
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "myo_sim" else found(name, package)

import mosim_gym
from mosim_gym.mechanics.packages import MissingExtra
from mosim_gym.robots import find_robot, find_task, robot_definitions

assert "elbow" not in robot_definitions() and "ElbowPose" not in mosim_gym.tasks()
for find, name in ((find_robot, "elbow"), (find_task, "ElbowPose")):
    try:
        find(name)
    except MissingExtra as error:
        assert "the robot elbow needs it; `pip install '.[myo]'` in the clone of mosim_gym brings it." in str(error), error
for find, name in ((find_robot, "elbo"), (find_task, "ElbowPos")):
    try:
        find(name)
    except KeyError as error:
        assert f"{name}w (with the extra myo)".replace("Posw", "Pose") in str(error) or "ElbowPose (with the extra myo)" in str(error)
print("absent")
"""


def test_without_the_package_the_robots_are_absent_and_errors_name_the_extra():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "absent\n", done.stderr


@pytest.fixture(params=TASKS)
def name(request):
    pytest.importorskip("myo_sim")
    return request.param


def test_models_have_motors_and_neither_meshes_nor_states_of_actuators(name):
    model, robot = load_model(find_robot(name).mjcf_file.read_text()), load_robot(name)
    assert (model.nv, model.nu) == SIZES[name]
    assert (model.na, model.nmesh) == (0, 0)
    assert "mesh" not in find_robot(name).mjcf_file.read_text()
    assert all(robot.pulled)
    assert robot.control_step == pytest.approx(0.02)


def test_lengths_rates_and_forces_of_tendons_are_mujocos(name, rng):
    model, robot = load_model(find_robot(name).mjcf_file.read_text()), load_robot(name)
    tendons, data = SpatialTendons(robot).double(), mujoco.MjData(model)
    qpos, qvel = rng.uniform(*model.jnt_range.T, (STATES, model.nq)), rng.normal(size=(STATES, model.nv))
    control = rng.uniform(*model.actuator_ctrlrange.T, (STATES, model.nu))
    truth = []
    for q, v, c in zip(qpos, qvel, control, strict=True):
        data.qpos[:], data.qvel[:], data.ctrl[:] = q, v, c
        mujoco.mj_forward(model, data)
        truth.append((data.ten_length.copy(), data.ten_velocity.copy(), data.qfrc_actuator.copy()))
    values = ForwardKinematics(robot, tendons.quantities)(torch.tensor(qpos), torch.tensor(qvel))
    found = tendons(values)
    forces = tendons.joint_forces(values, found.pull, torch.tensor(control))
    for ours, theirs in zip((found.length, found.rate, forces), zip(*truth, strict=True), strict=True):
        np.testing.assert_allclose(ours, np.array(theirs), atol=2e-6)


def test_steps_of_the_environment_are_mujocos(name, rng):
    env = gym.make(f"MoSim/{TASKS[name]}-v0", checkpoint="truth")
    model = load_model(find_robot(name).mjcf_file.read_text())
    data, (_, info) = mujoco.MjData(model), env.reset(seed=3)
    data.qpos[:], data.qvel[:] = info["qpos"], info["qvel"]
    for _ in range(5):
        data.ctrl[:] = action = rng.uniform(env.action_space.low, env.action_space.high).astype(np.float32)
        _, reward, _, _, info = env.step(action)
        mujoco.mj_step(model, data, 10)
        np.testing.assert_allclose(info["qpos"], data.qpos, atol=1e-8)
        assert 0 <= reward <= 1


def test_goals_are_part_of_the_state(name):
    env = gym.make(f"MoSim/{TASKS[name]}-v0", checkpoint="truth")
    _, info = env.reset(seed=0)
    goal = load_task(TASKS[name]).sample_goal(torch.Generator().manual_seed(9), 1)[0].numpy()
    observation, after = env.reset(options={"qpos": info["qpos"], "goal": goal})
    np.testing.assert_allclose(after["goal"], goal)
    size = len(goal)
    np.testing.assert_allclose(observation[size : 2 * size], goal - info["qpos"], atol=1e-6)
