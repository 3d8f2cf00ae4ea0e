"""`LogsConfig`: how a model is trained on logs, in one frozen record; and which model suits a robot's logs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from mosim_gym.dynamics.config import KNOWN, MoSimConfig, preset
from mosim_gym.dynamics.rigid_bodies import RigidBodies
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.settings import check_settings, setting
from mosim_gym.mechanics.tendon_parts import acting_tendons
from mosim_gym.training.config import Stage

SMOOTH = (
    Stage("joint", 0.1),
    Stage("multistep", 0.15, horizon=4),
    Stage("multistep", 0.4, horizon=8),
    Stage("multistep", 0.35, horizon=16),
)
"""For robots that touch nothing: single control steps, then ever longer windows, which average over the noise of measured velocities."""
TOUCHING = (
    Stage("predictor", 0.08),
    Stage("corrector", 0.12),
    Stage("multistep", 0.1, horizon=4),
    Stage("multistep", 0.2, horizon=8),
    Stage("multistep", 0.5, horizon=16),
)
"""For robots that touch something: flight first, then what contact adds to it, then windows that hold whole impacts, half of the time."""

SIMULATION = "simulation"
KNOWABLE = (*KNOWN, SIMULATION)
"""What may be known before logs are learned: a part of the robot's description, or what a simulation of its file says."""
LIGHTEST = 1e-9
"""The share of the largest inertia of a joint that every direction of motion must have."""


@dataclass(frozen=True)
class LogsConfig:
    """Optimisation on logs. The learning rates fall along one cosine to zero. A stage's windows have `horizon` control steps."""

    stages: tuple[Stage, ...] = SMOOTH
    rows: int = setting(1024, least=1, most=1_000_000)  # single control steps in a batch, of each member
    windows: int = setting(160, least=1, most=1_000_000)  # windows in a batch, of each member
    adam_rate: float = setting(2e-3, above=0)  # first and last layers, biases, small networks
    muon_rate: float = setting(0.02, above=0)  # hidden square matrices
    huber: float = setting(0.1, above=0)  # whitened error at which the loss turns from square to linear
    clip: float = setting(1.0, above=0)
    ema: float = setting(0.995, least=0, below=1)
    # a free body whose shape and mass are the same after some turns learns each motion in all of them
    symmetry: bool = True
    validated_every: int = setting(200, least=1)  # training steps
    validated_seconds: float = setting(0.25, above=0)  # the length of held-out windows
    seed: int = setting(0, seed=True)

    def __post_init__(self) -> None:
        """Wrong settings raise in one sentence."""
        check_settings(self)


def touches(robot: Robot) -> bool:
    """Whether a part of the robot can touch a plane."""
    return robot.contact_enabled and len(robot.contacts) > 0


def logs_model(robot: Robot, members: int, memory: int, known: str | None = None) -> MoSimConfig:
    """The preset for logs of `robot`, with `memory` commands before the present one as inputs, and the `known` of its description."""
    name = "measured-contacts" if touches(robot) else "measured"
    config = preset(name, members=members, memory=memory, tendons=acting_tendons(robot))
    return config if known is None else replace(config, known=known, inertia=None)


def check_known(robot: Robot, known: str | None) -> None:
    """Raise for an unknown name, and for an inertia that the description cannot tell where a joint moves nothing that has mass."""
    if known not in (None, *KNOWABLE):
        raise UnknownName("known part of a description", known, list(KNOWABLE))
    if known != "inertia":
        return
    inertia, _ = RigidBodies(robot).double()(torch.tensor(robot.qpos0), torch.zeros(robot.nv, dtype=torch.float64))
    if np.linalg.eigvalsh(inertia.numpy())[0] <= LIGHTEST * float(inertia.diagonal().max()):
        raise ValueError(
            f"The description of {robot.name} has no mass for some of its joints, so its inertia is not known: give all moving bodies mass "
            "and inertia, or leave known out."
        )


def logs_training(robot: Robot, seed: int) -> LogsConfig:
    """How logs of `robot` are learned unless someone says otherwise."""
    if touches(robot):  # impacts are a hundred times as large as what flight must be known to
        return LogsConfig(stages=TOUCHING, huber=0.02, seed=seed)
    return LogsConfig(stages=SMOOTH, seed=seed)
