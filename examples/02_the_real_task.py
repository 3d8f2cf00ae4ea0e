"""The real dm_control task behind Gymnasium's interface, with an open-loop gait that was searched for, not learned.

Writes runs/02/return.png and runs/02/episode.mp4.
"""

import argparse
from pathlib import Path

import mosim_gym
from mosim_gym.pictures.plots import return_plot
from mosim_gym.pictures.video import write_video
from mosim_gym.policies.playing import evaluate
from mosim_gym.policies.scripted import RandomPolicy, scripted_policy

OUT = Path("runs/02")

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="CheetahRun", choices=mosim_gym.tasks())
parser.add_argument("--episodes", type=int, default=3)
parser.add_argument("--steps", type=int, default=300, help="control steps in an episode; dm_control has 1,000")
options = parser.parse_args()

picture = {"render_mode": "rgb_array", "width": 320, "height": 240}
env = mosim_gym.make_real(options.task, max_episode_steps=options.steps, **picture)
print("observation", env.observation_space, "action", env.action_space)

# Anything with Stable-Baselines3's predict() is a policy.
policies = {
    "scripted": scripted_policy(options.task),
    "random": RandomPolicy(env.action_space.low, env.action_space.high, seed=0),
}
frames = []
results = {}
for name, policy in policies.items():
    record = frames.append if name == "scripted" else None
    results[name] = evaluate(env, policy, episodes=options.episodes, seed=0, record=record)
    print(f"{name}: {results[name]}")

step = env.task.robot.control_step
print("wrote", return_plot(OUT / "return.png", results, options.task, control_step=step))
print("wrote", write_video(OUT / "episode.mp4", frames[::2], fps=1 / (2 * step)))
env.close()
