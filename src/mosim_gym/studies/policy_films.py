"""The film and the strip of a policy in docs/assets: the real task above, the model below, for the first seconds of an episode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.pictures.lettering import one_above_the_other
from mosim_gym.pictures.strips import state_strip
from mosim_gym.pictures.video import write_video
from mosim_gym.rl.report import STRIP_FRAMES, imagined_frames, side_by_side
from mosim_gym.robots import load_task
from mosim_gym.studies.policy_pages import film_name

SECONDS = 5.0
SMALLER = 2
"""By this films are narrower and have fewer frames a second than those that training writes: all of them lie in the documentation."""

Array = np.ndarray


def film_policy(path: Path, stem: str, assets: Path) -> list[Path]:
    """Write the film and the strip of the policy in `path`, which is called `stem`, and return their paths."""
    policy = load_policy(path)
    model, task = policy.card["model"]["name"], load_task(policy.card["task"])
    step, name = task.robot.control_step, film_name(stem)
    steps = round(SECONDS / step)
    real = side_by_side(policy.card["task"], policy, steps=steps, checkpoint=model)
    imagined, states = imagined_frames(policy.card["task"], policy, real.start, steps=steps, checkpoint=model)
    seconds = real.stride * step
    pairs = list(enumerate(zip(real.truth, imagined, strict=False)))[::SMALLER]
    chosen = np.linspace(0, min(len(real.truth), len(imagined)) - 1, STRIP_FRAMES).round().astype(int)
    return [
        write_video(
            assets / f"{name}.mp4",
            [
                one_above_the_other({"real": _small(true), "model": _small(model)}, number * seconds)
                for number, (true, model) in pairs
            ],
            fps=1 / (SMALLER * seconds),
        ),
        state_strip(
            assets / f"{name}.png",
            task,
            {"real": real.true_states[chosen], "model": states[chosen]},
            [round(i * seconds, 2) for i in chosen],
            goal=real.start["goal"],
        ),
    ]


def _small(frame: Array) -> Array:
    height, width, _ = frame.shape
    return np.asarray(Image.fromarray(frame).resize((width // SMALLER, height // SMALLER), Image.Resampling.LANCZOS))
