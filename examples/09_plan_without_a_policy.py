"""Planning: at every step the model is searched for the best actions to come, and the first of them is done in reality."""

import argparse

import torch

import mosim_gym
from mosim_gym.rl.strategies.planner import METHODS, Planner, PlannerConfig
from mosim_gym.rl.strategies.planning import play_planned

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="CartpoleSwingup", choices=mosim_gym.tasks())
parser.add_argument("--method", default="mppi", choices=METHODS)
parser.add_argument("--horizon", type=int, default=50, help="control steps to look ahead")
parser.add_argument("--samples", type=int, default=256, help="sequences of actions tried in each iteration")
parser.add_argument("--steps", type=int, default=200, help="control steps of the episode")
options = parser.parse_args()
torch.set_num_threads(2)

config = PlannerConfig(
    method=options.method,
    horizon=options.horizon,
    samples=options.samples,
    elites=max(1, options.samples // 8) if options.method == "cem" else None,
)
played = play_planned(options.task, Planner(options.task, config), steps=options.steps)
print(f"{options.task} by {options.method}: return {played.result}")
print(f"{1000 * played.decision_seconds:.0f} ms to decide, {played.real_time:.2f} times real time")
