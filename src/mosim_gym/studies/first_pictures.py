"""The pictures of the README and of the documentation that no result goes with.

They show the true motion under scripted policies, and the cheetah's under a trained one above what the packaged model predicts for the
same actions. All are drawn by the package's own kinematics, so that no graphics library is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import mosim_gym
from mosim_gym.pictures.drawing import Drawing
from mosim_gym.pictures.strips import state_strip
from mosim_gym.pictures.video import film_strip
from mosim_gym.policies.scripted import scripted_policy
from mosim_gym.robots import load_task

ROWS = (  # task, seed of the start, first control step shown, control steps between two frames
    ("CheetahRun", 0, 200, 5),
    ("ReacherEasy", 3, 0, 10),
    ("CartpoleSwingup", 0, 0, 60),
    ("PendulumSwingup", 1, 0, 24),
)
FRAMES = 6
RUNNING, SHOWN_EVERY, SHOWN = 250, 10, 8  # control steps before the first frame, between two, and how many frames


def frames(task: str, seed: int, first: int, every: int) -> list[np.ndarray]:
    """`FRAMES` pictures of one episode of the functional core on the truth."""
    env, policy, bound = gym.make(f"MoSim/{task}-v0", checkpoint="truth"), scripted_policy(task), load_task(task)
    drawing = Drawing(bound.robot, width=360, height=270, hidden_geoms=bound.hidden_geoms)
    observation, info = env.reset(seed=seed)
    pictures = []
    for step in range(first + (FRAMES - 1) * every + 1):
        if step >= first and (step - first) % every == 0:
            pictures.append(drawing.render(info["qpos"], bound.goal_marks(info["goal"])))
        action, _ = policy.predict(observation, deterministic=True)
        observation, _, _, _, info = env.step(action)
    return pictures


def truth_over_model(place: Path, policy: Any) -> Path:
    """The cheetah running under `policy`, and what the model predicts open loop, from the first frame's state under the same actions."""
    env, bound = gym.make("MoSim/CheetahRun-v0", checkpoint="truth"), load_task("CheetahRun")
    observation, info = env.reset(seed=0)
    states, speeds, actions = [], [], []
    for _ in range(RUNNING + (SHOWN - 1) * SHOWN_EVERY + 1):
        action, _ = policy.predict(observation, deterministic=True)
        states.append(info["qpos"])
        speeds.append(info["qvel"])
        actions.append(action)
        observation, _, _, _, info = env.step(action)
    now = slice(RUNNING, None)
    predicted = mosim_gym.load("cheetah").rollout(
        states[RUNNING][None], speeds[RUNNING][None], np.array(actions[now])[None]
    )
    model = np.concatenate((states[RUNNING][None], np.asarray(predicted.qpos[0])))
    frames = np.arange(SHOWN) * SHOWN_EVERY
    rows = {"truth": np.array(states[now])[frames], "model": model[frames]}
    times = np.round(frames * bound.robot.control_step, 3)
    return state_strip(place, bound, rows, [float(t) for t in times], height=150)


def scripted_robots(place: Path) -> Path:
    """Robots under scripted policies, a row of frames for each."""
    rows = {}
    for task, seed, first, every in ROWS:
        robot = load_task(task).robot
        rows[f"{robot.name}, {every * robot.control_step:g} s"] = frames(task, seed, first, every)
    return film_strip(place, rows, height=135)
