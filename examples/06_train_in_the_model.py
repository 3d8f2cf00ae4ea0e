"""Zero-shot: SAC trains inside the packaged model without a single real step; then its policy plays the real task.

The default takes seconds and shows that everything works together; give it minutes to learn. Writes runs/06.
"""

import argparse
from pathlib import Path

import torch

import mosim_gym
from mosim_gym.rl.report import real_return
from mosim_gym.rl.strategies.zero_shot import config_for, zero_shot

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="PendulumSwingup", choices=mosim_gym.tasks())
parser.add_argument("--seconds", type=float, default=10.0, help="time for training")
parser.add_argument("--episodes", type=int, default=2, help="real episodes at the end")
options = parser.parse_args()
torch.set_num_threads(1)

result = zero_shot(options.task, config_for(options.task), budget=options.seconds, folder=Path("runs/06"))
for point in result.curve:
    print(f"{point['seconds']:6.0f} s, {point['steps']:,} steps: return in the model {point['return_in_model']:.1f}")

policy = mosim_gym.load_policy("runs/06/policy.safetensors")  # the same as result.policy
print(f"real: {real_return(options.task, policy, episodes=options.episodes)}")
print(f"the model was trained on {policy.card['model']['transitions']:,} control steps of MuJoCo, the policy on none")
