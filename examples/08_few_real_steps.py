"""A policy from real steps that are counted: few-shot from a packaged model, or on-policy from nothing.

The default takes seconds and shows the loop; give it tens of thousands of real steps to learn. Writes runs/08.
"""

import argparse
from pathlib import Path

import torch

import mosim_gym
from mosim_gym.rl.report import real_return
from mosim_gym.rl.strategies import few_shot, on_policy

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="CartpoleSwingup", choices=mosim_gym.tasks())
parser.add_argument("--strategy", default="few-shot", choices=("few-shot", "on-policy"))
parser.add_argument("--real-steps", type=int, default=3_000)
parser.add_argument("--virtual-steps", type=int, default=100, help="steps of all branches for every 1,000 real ones")
options = parser.parse_args()
torch.set_num_threads(1)


def show(state: dict[str, float]) -> None:
    print(f"{state['real_steps']:,.0f} real steps: return of the last episode {state['training_return']:.1f}")


task, run = options.task, {"real_steps": options.real_steps, "folder": Path("runs/08"), "report": show}
if options.strategy == "few-shot":
    config = few_shot.config_for_schedule(virtual_steps=options.virtual_steps)
    result = few_shot.few_shot(task, config, **run)
else:
    config = on_policy.config_for_schedule(virtual_steps=options.virtual_steps)
    result = on_policy.on_policy(task, config, **run)
print(f"after {result.policy.card['real_steps']:,} real steps: {real_return(task, result.policy, episodes=2)}")
