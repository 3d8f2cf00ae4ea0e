"""One episode, twice: in dm_control, and in this package's own environment with MuJoCo as its dynamics.

A learned model takes MuJoCo's place behind `checkpoint=`; everything around it is already what is compared here.
"""

import gymnasium as gym
import numpy as np

import mosim_gym

STEPS = 1000

real = mosim_gym.make_real("CheetahRun")
ours = gym.make("MoSim/CheetahRun-v0", checkpoint="truth")
assert ours.observation_space == real.observation_space
assert ours.action_space == real.action_space

# Start where dm_control starts. `info` holds the state, and the memory of MuJoCo's constraint solver, which a state does
# not tell; without it, the two episodes would part after the solver's tolerance has grown.
theirs, info = real.reset(seed=0)
mine, _ = ours.reset(options=info)

real.action_space.seed(0)
gap, returns = float(np.abs(mine - theirs).max()), [0.0, 0.0]
for _ in range(STEPS):
    action = real.action_space.sample()
    theirs, their_reward, *_ = real.step(action)
    mine, my_reward, *_ = ours.step(action)
    gap = max(gap, float(np.abs(mine - theirs).max()))
    returns[0] += their_reward
    returns[1] += my_reward

print(f"largest difference of an observation in {STEPS} steps: {gap}")
print(f"return in dm_control {returns[0]!r}, in the core {returns[1]!r}")
assert gap < 1e-5
assert abs(returns[0] - returns[1]) < 1e-6
