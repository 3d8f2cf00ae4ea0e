"""PPO in one file, in the manner of CleanRL, on `gym.make_vec`: a batched environment is all that a learner of your own needs.

The default takes seconds; PendulumSwingup is learnt after a few million steps (--steps 3000000).
"""

import argparse

import gymnasium as gym
import numpy as np
import torch
from torch import nn

import mosim_gym  # noqa: F401  # registers the ids

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--task", default="PendulumSwingup")
parser.add_argument("--steps", type=int, default=20_000, help="control steps in the model")
parser.add_argument("--envs", type=int, default=256)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
LENGTH, EPOCHS, MINIBATCHES, GAMMA, LAMBDA, CLIP = 32, 4, 8, 0.99, 0.95, 0.2
torch.manual_seed(options.seed)
torch.set_num_threads(1)

same_step = gym.vector.AutoresetMode.SAME_STEP
envs = gym.make_vec(f"MoSim/{options.task}-v0", num_envs=options.envs, autoreset_mode=same_step, stagger=True)
n_obs, n_act = envs.single_observation_space.shape[0], envs.single_action_space.shape[0]
net = lambda out: nn.Sequential(nn.Linear(n_obs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, out))  # noqa: E731
actor, critic, log_std = net(n_act), net(1), nn.Parameter(torch.full((n_act,), -0.5))
optimiser = torch.optim.Adam([*actor.parameters(), *critic.parameters(), log_std], lr=3e-4)
distribution = lambda x: torch.distributions.Normal(actor(x), log_std.exp())  # noqa: E731

obs = torch.from_numpy(envs.reset(seed=options.seed)[0])
for _ in range(max(1, options.steps // (options.envs * LENGTH))):
    rows = {name: [] for name in ("obs", "act", "logp", "rew", "value", "next_value", "done")}
    for _ in range(LENGTH):
        with torch.no_grad():
            act = distribution(obs).sample()
            logp, value = distribution(obs).log_prob(act).sum(-1), critic(obs)[:, 0]
        after, reward, terminated, truncated, info = envs.step(act.numpy())
        last = after.copy()  # what each episode really came to: where it was reset, its final observation
        if "final_obs" in info:
            last[info["_final_obs"]] = np.stack(list(info["final_obs"][info["_final_obs"]]))
        with torch.no_grad():
            next_value = critic(torch.from_numpy(last))[:, 0] * ~torch.from_numpy(terminated)
        done = torch.from_numpy(terminated | truncated)
        values = (obs, act, logp, torch.from_numpy(reward).float(), value, next_value, done)
        for name, item in zip(rows, values, strict=True):
            rows[name].append(item)
        obs = torch.from_numpy(after)
    batch = {name: torch.stack(items) for name, items in rows.items()}
    advantage, running = torch.zeros_like(batch["rew"]), torch.zeros(options.envs)
    for t in reversed(range(LENGTH)):
        delta = batch["rew"][t] + GAMMA * batch["next_value"][t] - batch["value"][t]
        advantage[t] = running = delta + GAMMA * LAMBDA * running * ~batch["done"][t]
    target = advantage + batch["value"]
    flat = {name: item.flatten(0, 1) for name, item in {**batch, "adv": advantage, "target": target}.items()}
    for _ in range(EPOCHS):
        for index in torch.randperm(len(flat["obs"])).chunk(MINIBATCHES):
            policy = distribution(flat["obs"][index])
            ratio = (policy.log_prob(flat["act"][index]).sum(-1) - flat["logp"][index]).exp()
            adv = flat["adv"][index]
            adv = (adv - adv.mean()) / (adv.std() + 1e-8)
            gain = torch.min(ratio * adv, ratio.clamp(1 - CLIP, 1 + CLIP) * adv).mean()
            miss = (critic(flat["obs"][index])[:, 0] - flat["target"][index]).square().mean()
            loss = 0.5 * miss - gain - 1e-3 * policy.entropy().sum(-1).mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*actor.parameters(), *critic.parameters(), log_std], 0.5)
            optimiser.step()
    print(f"mean reward of a step {batch['rew'].mean():.3f}")
