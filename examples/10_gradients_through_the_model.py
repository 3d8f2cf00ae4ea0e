"""SHAC: the policy climbs the gradient of its return, found by differentiating through reward, model and policy. Writes runs/10."""

import argparse
from pathlib import Path

import torch

import mosim_gym
from mosim_gym.rl.report import real_return
from mosim_gym.rl.strategies.zero_shot import config_for, zero_shot

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="CartpoleSwingup", choices=mosim_gym.tasks())
parser.add_argument("--seconds", type=float, default=10.0, help="time for training")
parser.add_argument("--episodes", type=int, default=2, help="real episodes at the end")
options = parser.parse_args()
torch.set_num_threads(1)

config = config_for(options.task, algo="shac")
result = zero_shot(options.task, config, budget=options.seconds, folder=Path("runs/10"))
for point in result.curve:
    print(
        f"{point['seconds']:6.0f} s, {point['updates']:,} steps of the actor: {point['return_in_model']:.1f} in the model"
    )
print(f"real: {real_return(options.task, result.policy, episodes=options.episodes)}")
