"""Make the pictures of the README and the documentation: `python scripts/make_pictures.py` writes docs/assets/*.png.

They show the true motion under scripted policies, drawn by the package's own kinematics, so that no graphics library is needed.
"""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np

import mosim_gym  # noqa: F401  (registers the ids)
from mosim_gym.evaluation.scripted import scripted_policy
from mosim_gym.evaluation.video import film_strip
from mosim_gym.robots import load_task
from mosim_gym.truth.drawing import Drawing

ASSETS = Path(__file__).resolve().parents[1] / "docs" / "assets"
ROWS = (  # task, seed of the start, first control step shown, control steps between two frames
    ("CheetahRun", 0, 200, 5),
    ("ReacherEasy", 3, 0, 10),
    ("CartpoleSwingup", 0, 0, 60),
    ("PendulumSwingup", 1, 0, 24),
)
FRAMES = 6


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


def main() -> None:
    rows = {}
    for task, seed, first, every in ROWS:
        robot = load_task(task).robot
        rows[f"{robot.name}, {every * robot.control_step:g} s"] = frames(task, seed, first, every)
    print("wrote", film_strip(ASSETS / "robots.png", rows, height=135))


if __name__ == "__main__":
    main()
