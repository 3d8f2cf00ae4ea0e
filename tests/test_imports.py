"""What runs without any simulator, and how heavy the package is to import."""

from __future__ import annotations

import subprocess
import sys

SIMULATORS = ("mujoco", "dm_control", "shimmy")

BLOCKED = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {SIMULATORS}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Refuse())

import gymnasium as gym, numpy as np, torch, mosim_gym
from mosim_gym.envs.core import Core
from mosim_gym.mechanics import integrate
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import load_robot, load_task, robot_definitions
from mosim_gym.robots.spaces import sensor_count

class Coast(mosim_gym.Dynamics):
    def __init__(self, robot, sensors):
        self.robot, self.sensors = robot, sensors
    def step(self, qpos, qvel, action, features=None):
        return Step(integrate(self.robot, qpos, qvel, self.timestep), qvel, qpos.new_zeros(len(qpos), self.sensors))

for name in robot_definitions():
    assert load_robot(name).reset_banks
for name in mosim_gym.tasks():
    task = load_task(name)
    core = Core(task, sensor_count=sensor_count(name))
    state = core.reset(torch.Generator().manual_seed(0), 4)
    after = core.step(state, torch.zeros(4, task.robot.nu), Coast(task.robot, sensor_count(name)))
    assert torch.isfinite(after.reward).all()
    env = gym.make(f"MoSim/{{name}}-v0", checkpoint=Coast(task.robot, sensor_count(name)), render_mode="rgb_array")
    observation, _ = env.reset(seed=0)
    observation, reward, *_ = env.step(env.action_space.sample())
    assert env.observation_space.contains(observation)
    assert env.render().shape[2] == 3
assert not set(sys.modules) & set({SIMULATORS})
print("ran", len(mosim_gym.tasks()))
"""


def test_everything_but_the_truth_runs_with_all_simulators_blocked():
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ran ")


def test_importing_the_package_imports_no_simulator_and_no_learner():
    code = (
        "import sys, mosim_gym;"
        "heavy = {'mujoco', 'dm_control', 'shimmy', 'stable_baselines3', 'matplotlib', 'tensorboard', 'imageio'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
