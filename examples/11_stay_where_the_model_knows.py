"""A density of the model's training data, and what it takes off rewards where there were none."""

import argparse

import gymnasium as gym
import torch

from mosim_gym.density.flow import FlowConfig
from mosim_gym.envs.penalties.density import DensityPenalty
from mosim_gym.envs.penalties.wrappers import penalise
from mosim_gym.robots import find_task
from mosim_gym.training.density import fit_density

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="CartpoleSwingup")
parser.add_argument("--seconds", type=float, default=10.0, help="time for the fit")
parser.add_argument("--steps", type=int, default=100)
options = parser.parse_args()
torch.set_num_threads(1)

density = fit_density(find_task(options.task)[0].name, budget=options.seconds, config=FlowConfig(blocks=4, width=32))
card = density.card
print(f"held-out log-density {card['held_out_log_density']:.2f}, a Gaussian's {card['gaussian_log_density']:.2f}")

plain = gym.make_vec(f"MoSim/{options.task}-v0", num_envs=64, vectorization_mode="vector_entry_point")
envs = penalise(plain, DensityPenalty(density))
envs.reset(seed=0)
envs.action_space.seed(0)
for step in range(1, options.steps + 1):
    _, _, _, _, info = envs.step(envs.action_space.sample())
    if step % 20 == 0:
        print(f"step {step}: log-density {info['log_density'].mean():6.2f}, penalty {info['penalty'].mean():.3f}")
