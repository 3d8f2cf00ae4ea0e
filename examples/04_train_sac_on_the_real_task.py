"""Train Stable-Baselines3's SAC on a real task and run the saved policy in the functional core.

The spaces are equal, so the policy loads as it is. The default shows in seconds that everything works together; to learn the task, give
many more --steps. Writes runs/04/<task>.zip.
"""

import argparse
from pathlib import Path

import gymnasium as gym
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.monitor import Monitor

import mosim_gym
from mosim_gym.policies.playing import evaluate

OUT = Path("runs/04")

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="PendulumSwingup", choices=mosim_gym.tasks())
parser.add_argument("--steps", type=int, default=500, help="real environment steps")
parser.add_argument("--episodes", type=int, default=2, help="episodes of each evaluation")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
torch.set_num_threads(1)  # networks this small gain nothing from more, and lose much where cores are shared
OUT.mkdir(parents=True, exist_ok=True)

real = mosim_gym.make_real(options.task)
model = SAC("MlpPolicy", Monitor(real), seed=options.seed, device="cpu", verbose=1)
model.learn(options.steps, progress_bar=True)
path = OUT / f"{options.task}.zip"
model.save(path)
print(f"wrote {path}")

truth = gym.make(f"MoSim/{options.task}-v0", checkpoint="truth")
policy = SAC.load(path, env=truth, device="cpu")
for name, env in {"dm_control": real, "the core on the truth": truth}.items():
    # The starts differ (each environment draws its own), the task is the same.
    print(f"{name}: {evaluate(env, policy, episodes=options.episodes, seed=1000)}")
