"""From a CSV log of a machine to a policy: import, train a model, make an environment of a reward, train SAC, assess the policy.

The log is of a simulated arm, written here as somebody else's logger would write it. Writes runs/12/arm.xml and runs/12/log.csv.
"""

import argparse
from pathlib import Path

import mujoco
import numpy as np
from stable_baselines3 import SAC

import mosim_gym

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--budget", default="60s", help="time in which the model learns")
parser.add_argument("--steps", type=int, default=5_000, help="steps of SAC in the model")
parser.add_argument("--seconds", type=float, default=120.0, help="length of the log")
options = parser.parse_args()

OUT = Path("runs/12")
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "arm.xml").write_text("""<mujoco model="arm">
  <option timestep="0.002"/>
  <worldbody>
    <body name="arm" pos="0 0 1">
      <joint name="shoulder" axis="0 1 0" damping="0.05"/>
      <geom name="arm" type="capsule" fromto="0 0 0 0 0 0.4" size="0.03" mass="0.5"/>
      <site name="tip" pos="0 0 0.4"/>
    </body>
  </worldbody>
  <actuator><motor name="shoulder" joint="shoulder" ctrlrange="-1 1"/></actuator>
</mujoco>""")

# The machine: random commands, held for a tenth of a second; every 20 ms its logger writes time, angle and command.
model = mujoco.MjModel.from_xml_path(str(OUT / "arm.xml"))
data, rng, rows = mujoco.MjData(model), np.random.default_rng(0), []
for row in range(round(options.seconds / 0.02)):
    if row % 5 == 0:
        data.ctrl[0] = rng.uniform(-1, 1)
    rows.append((row * 0.02, data.qpos[0], data.qvel[0], data.ctrl[0]))
    mujoco.mj_step(model, data, nstep=10)
np.savetxt(OUT / "log.csv", rows, delimiter=",", header="time,angle,rate,volts", comments="")

robot = mosim_gym.Robot.from_file(OUT / "arm.xml", timestep=0.02)
logs = mosim_gym.import_logs(OUT / "log.csv", robot, columns={"qpos": ["angle"], "qvel": ["rate"], "action": ["volts"]})
print(logs)
simulator = mosim_gym.train(robot, logs, budget=options.budget, seed=0)


def reward(features, action):
    """The height of the tip above the joint, less a little effort."""
    return features.position("tip")[:, 2] - 1 - 0.01 * action.square().sum(dim=-1)


env = mosim_gym.make_env(simulator, reward, max_episode_steps=200)
policy = SAC("MlpPolicy", env, learning_starts=200, seed=0)
policy.learn(options.steps)
print(mosim_gym.assess(policy, env, episodes=4))
