"""A policy shown in the true task: its returns, a plot of them, a video of the first episode and a strip of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mosim_gym.mechanics.provenance import provenance
from mosim_gym.pictures.plots import return_plot
from mosim_gym.pictures.video import film_strip, write_video
from mosim_gym.policies.playing import Policy, evaluate
from mosim_gym.policies.scripted import RandomPolicy, scripted_policy
from mosim_gym.robots import load_task

FRAMES_A_SECOND = 30
STRIP_FRAMES = 8


def find_policy(task: str, name: str, *, seed: int) -> Policy | None:
    """The policy called `scripted` or `random`; None for any other name, which may be a file's."""
    if name == "scripted":
        return scripted_policy(task, seed=seed)
    if name == "random":
        return RandomPolicy(*load_task(task).robot.control_range, seed=seed, hold=5)
    return None


def demonstrate(
    env: Any, task: str, actor: Policy, *, episodes: int, steps: int, seed: int, out: Path
) -> dict[str, object]:
    """Play `episodes` of `steps` control steps in the real environment `env`, which renders; write plot, video and strip to `out`, return
    the numbers.
    """
    robot = load_task(task).robot
    print(f"{task}: {episodes} episode{'s' * (episodes > 1)} of {steps} real steps …")
    result = evaluate(env, actor, episodes=episodes, seed=seed)
    print(f"return {result}")
    stride = max(1, round(1 / (FRAMES_A_SECOND * robot.control_step)))
    frames = list(episode_frames(env, actor, seed=seed, steps=steps, stride=stride))
    plot = return_plot(out / "return.png", result, f"{task}, {type(actor).__name__}", control_step=robot.control_step)
    video = write_video(out / "episode.mp4", frames, fps=1 / (stride * robot.control_step), progress=True)
    chosen = np.linspace(0, len(frames) - 1, STRIP_FRAMES).round().astype(int)
    strip = film_strip(
        out / "strip.png",
        {task: [frames[i] for i in chosen]},
        captions=[f"{i * stride * robot.control_step:.1f} s" for i in chosen],
    )
    env.close()
    for path in (plot, video, strip):
        print(f"wrote {path}")
    return {"task": task, "policy": type(actor).__name__, "provenance": provenance(), **result.summary()}


def episode_frames(env: Any, policy: Policy, *, seed: int, steps: int, stride: int) -> Iterator[np.ndarray]:
    """Every `stride`-th picture of one episode; the states are the same as in the first episode that `evaluate` plays."""
    forget = getattr(policy, "reset", None)
    if forget is not None:
        forget()
    observation, _ = env.reset(seed=seed)
    for step in range(steps):
        if step % stride == 0:
            frame = env.render()
            assert frame is not None
            yield frame
        observation, _, terminated, truncated, _ = env.step(policy.predict(observation, deterministic=True)[0])
        if terminated or truncated:
            return
