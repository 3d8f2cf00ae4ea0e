"""RLlib's PPO trains inside the packaged model, in one batched environment; then its policy plays the real task.

Needs RLlib: `pip install 'ray[rllib]'`. The default takes seconds and shows that everything works together; give it minutes to learn.
"""

import argparse
import time

import gymnasium as gym
import ray
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.tune.registry import register_env

import mosim_gym
from mosim_gym.policies.playing import evaluate

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="PendulumSwingup", choices=mosim_gym.tasks())
parser.add_argument("--seconds", type=float, default=10.0, help="time for training")
parser.add_argument("--envs", type=int, default=64)
parser.add_argument("--episodes", type=int, default=2, help="real episodes at the end")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
torch.set_num_threads(1)


def make_model(config):
    """The task in the model: one batched environment where RLlib asks for several, else a single one."""
    name = f"MoSim/{options.task}-v0"
    return gym.make_vec(name, num_envs=config["num_envs"]) if "num_envs" in config else gym.make(name)


register_env("mosim", make_model)
ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
config = (
    PPOConfig()
    .environment("mosim")
    # 0: the environments run in this process. With more, each runner is a process that has --envs of them.
    .env_runners(num_env_runners=0, num_envs_per_env_runner=options.envs, gym_env_vectorize_mode="vector_entry_point")
    .training(
        lr=3e-4, train_batch_size=options.envs * 32, minibatch_size=options.envs * 4, num_epochs=4, vf_clip_param=1e3
    )
    .debugging(seed=options.seed, log_level="ERROR")
)
algorithm = config.build_algo()
ends = time.monotonic() + options.seconds
while time.monotonic() < ends:
    found = algorithm.train()["env_runners"]
    said = (
        f"return in the model {found['episode_return_mean']:.1f}"
        if "episode_return_mean" in found
        else "no episode has ended"
    )
    print(f"{found['num_env_steps_sampled_lifetime']:,.0f} steps: {said}")

module = algorithm.get_module()
space = gym.make(f"MoSim/{options.task}-v0").action_space


class Mean:
    """RLlib's network as a policy: the mean action, from RLlib's -1 to 1 into the range of each actuator."""

    def predict(self, observation, deterministic=True):
        with torch.no_grad():
            out = module.forward_inference({Columns.OBS: torch.as_tensor(observation)[None]})
        mean = out[Columns.ACTION_DIST_INPUTS][0].chunk(2)[0].clamp(-1, 1).numpy()
        return space.low + (mean + 1) / 2 * (space.high - space.low), None


print(f"real: {evaluate(mosim_gym.make_real(options.task), Mean(), episodes=options.episodes, seed=1000)}")
algorithm.stop()
ray.shutdown()
