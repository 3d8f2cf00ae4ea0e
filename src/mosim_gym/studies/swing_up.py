"""A policy that swings up a real acrobot: trained in the model that was learned from the machine's logs, played in a simulated stand-in.

The rules are those of the laboratory's leader board: the motor of the shoulder may only compensate friction, an episode lasts 10 s from
hanging, and the acrobot is up while its tip is more than 0.45 m above the shoulder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.data.logs import Logs
from mosim_gym.dynamics.finer import FinerSteps
from mosim_gym.dynamics.limited import LimitedControls
from mosim_gym.envs.making import make_env
from mosim_gym.envs.vector import MoSimVectorEnv
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.robots.named_features import NamedFeatures
from mosim_gym.studies.measured import measured
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray
CONTROL_STEP = 0.02
"""s; the policy acts at 50 Hz."""
TORQUES: Mapping[str, tuple[float, float]] = {"shoulder": (-0.5, 0.5), "elbow": (-5.0, 5.0)}
"""N m; those of the logs of the acrobot."""
LINKS = (0.2, 0.3)
UP = 0.45
"""m above the shoulder."""
EPISODE, HELD = 10.0, 1.0
"""s of an episode, and at its end, for which the tip must be up throughout."""
SHAKEN = 0.05
"""Standard deviation of the positions (rad) and velocities (rad/s) from which episodes in the stand-in start, about hanging at rest."""
FAST = 4.0
"""Standard deviation of the speeds of the starts that may be anywhere, rad/s."""


def height(qpos: Tensor) -> Tensor:
    """The tip's height above the shoulder `(…,)`, m, of `qpos (…, 2)`."""
    return -LINKS[0] * torch.cos(qpos[..., 0]) - LINKS[1] * torch.cos(qpos[..., 0] + qpos[..., 1])


def reward(features: NamedFeatures, action: Tensor) -> Tensor:
    """Height, and much more for standing still upright; a little less for torque."""
    share = (height(features.qpos) + sum(LINKS)) / (2 * sum(LINKS))
    speed = features.qvel.square() @ features.qvel.new_tensor([1.0, 0.3])
    upright = torch.exp(-((1 - share) / 0.03)) / (1 + 0.1 * speed)
    return 0.2 * share.square() + 0.8 * upright - 0.005 * (action[:, 1] / TORQUES["elbow"][1]).square()


def hanging(generator: Generator, rows: int) -> tuple[Tensor, Tensor]:
    """States about hanging at rest, `(rows, 2)` each."""
    return tuple(SHAKEN * torch.randn(rows, 2, generator=generator) for _ in range(2))  # pyright: ignore[reportReturnType]


STARTS: Mapping[str, tuple[str, ...]] = {
    "anywhere": ("hanging", "in the logs", "anywhere"),
    "seen": ("hanging", "in the logs"),
}
"""Where training episodes may start, by the name of the choice; each kind is as frequent as the others."""


def starts_of(logs: Logs, choice: str) -> Callable[[Generator, int], tuple[Tensor, Tensor]]:
    """Draws the states in which training episodes start: about hanging, in states of the logs, where the machine stands, too, or anywhere.

    A policy that has started anywhere swings up again after it falls.
    """
    qpos, qvel = torch.from_numpy(logs.qpos).float(), torch.from_numpy(logs.qvel).float()
    kinds = len(STARTS[choice])

    def draw(generator: Generator, rows: int) -> tuple[Tensor, Tensor]:
        logged = torch.randint(len(qpos), (rows,), generator=generator)
        anywhere = torch.pi * (2 * torch.rand(rows, 2, generator=generator) - 1)
        moving = FAST * torch.randn(rows, 2, generator=generator)
        kind = torch.randint(kinds, (rows, 1), generator=generator)
        still_q, still_v = hanging(generator, rows)
        starts = [(still_q, qpos[logged], anywhere), (still_v, qvel[logged], moving)]
        q, v = (torch.where(kind == 0, a, torch.where(kind == 1, b, c)) for a, b, c in starts)
        return q, v

    return draw


def slower(model: Dynamics) -> Dynamics:
    """`model`, whose commands are held for `CONTROL_STEP` and keep to `TORQUES`."""
    times = round(CONTROL_STEP / model.robot.control_step)
    coarse = replace(model.robot, substeps=times * model.robot.substeps)
    return LimitedControls(FinerSteps(model, coarse, times), TORQUES)


def training_env(model: Dynamics, logs: Logs, choice: str, num_envs: int = 64) -> MoSimVectorEnv:
    """The task in the learned model."""
    steps = round(EPISODE / CONTROL_STEP)
    return make_env(slower(model), reward, reset=starts_of(logs, choice), num_envs=num_envs, max_episode_steps=steps)


def stand_in(file: Path) -> Dynamics:
    """The simulated machine that `file` describes."""
    return LimitedControls(TrueDynamics.of_file(file, CONTROL_STEP), TORQUES)


def heights(policy: ActorPolicy, machine: Dynamics, *, episodes: int, seed: int = 0) -> Array:
    """The tip's height `(episodes, T)`, m, after each control step of episodes from about hanging."""
    steps = round(EPISODE / CONTROL_STEP)
    env = make_env(machine, reward, reset=hanging, num_envs=episodes, max_episode_steps=steps + 1)
    observation, _ = env.reset(seed=seed)
    path: list[Array] = []
    for _ in range(steps):
        observation, *_ = env.step(policy.predict(observation, deterministic=True)[0])
        path.append(height(env.torch.state.qpos).cpu().numpy())
    return np.stack(path, axis=1)


def judged(path: Array) -> dict[str, Any]:
    """How many episodes of heights `(N, T)` ended up, and when those came up for good, s."""
    up = path > UP
    held = up[:, -round(HELD / CONTROL_STEP) :].all(1)
    since = up.shape[1] - np.argmin(np.concatenate([up[:, ::-1], np.zeros((len(up), 1), bool)], 1), axis=1)
    times = CONTROL_STEP * (since[held] + 1)
    return {
        "episodes": len(path),
        "up": int(held.sum()),
        "seconds": [round(float(t), 2) for t in (np.median(times), times.max())] if held.any() else None,
        "reached": int(up.any(1).sum()),
    }


def swing_up_table(report: Mapping[str, Any]) -> str:
    """For each choice of starts what the policy learned from, and what became of its episodes in the stand-in."""
    rows = []
    for choice, run in report.items():
        model, policy, played = run["model"], run["policy"], run["stand_in"]
        times = played["seconds"]
        rows.append(
            [
                ", ".join(STARTS[choice]),
                f"{model['motion_seconds']:.0f} s, {model['training_seconds'] / 60:.1f} min",
                f"{policy['algorithm'].upper()}, {policy['training_seconds'] / 60:.0f} min, {policy['steps_in_model'] / 1e6:.2f} M",
                f"{policy['return_in_model']:.0f}",
                f"{played['reached']} of {played['episodes']}",
                f"**{played['up']} of {played['episodes']}**",
                f"{times[0]:.1f} s, {times[1]:.1f} s" if times else "",
            ]
        )
    header = [
        "Training episodes start",
        "Measured motion, training of the model",
        "Training of the policy, steps in the model",
        "Return in the model, of at most 500",
        "Reached the top, in the stand-in",
        "Standing at the end",
        "Up for good after: median, slowest",
    ]
    return f"{table(header, rows)}\n\n{measured(list(report.values()))}"
