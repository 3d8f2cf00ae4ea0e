"""Many true trajectories at once: `TrueDynamics.rollout` runs open loop on all cores, and one kinematic pass gives every reward."""

import argparse
import time

import numpy as np
import torch

from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.robots import Features, load_task
from mosim_gym.truth.dynamics import TrueDynamics

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--batch", type=int, default=1024, help="trajectories")
parser.add_argument("--steps", type=int, default=100, help="control steps in each")
options = parser.parse_args()

task, dynamics = load_task("CheetahRun"), TrueDynamics("cheetah")
start = task.sample_start(torch.Generator().manual_seed(0), options.batch)
rng = np.random.default_rng(0)
low, high = task.robot.control_range
actions = torch.from_numpy(rng.uniform(low, high, (options.batch, options.steps, task.robot.nu)))

began = time.perf_counter()
path = dynamics.rollout(start.qpos, start.qvel, actions)  # torch in, torch out; numpy in, numpy out
seconds = time.perf_counter() - began
print(f"qpos {tuple(path.qpos.shape)}, qvel {tuple(path.qvel.shape)}: the states after each step")
print(f"{options.batch * options.steps / seconds:,.0f} control steps a second")

# Rewards of all states along all trajectories: tasks are pure functions of the state, with any leading dimensions.
began = time.perf_counter()
features = Features(
    task.robot, path.qpos, path.qvel, ForwardKinematics(task.robot, task.quantities)(path.qpos, path.qvel)
)
reward = task.reward(features, actions, start.goal, path.sensors)
print(f"{reward.numel() / (time.perf_counter() - began):,.0f} rewards a second")
print(f"return of random controls over {options.steps} steps: {reward.sum(dim=1).mean():.3f} on average")
