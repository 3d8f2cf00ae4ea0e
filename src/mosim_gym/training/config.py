"""`TrainConfig`: how a model is trained, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass

from mosim_gym.mechanics.names import UnknownName

STAGES = ("predictor", "corrector", "joint", "multistep")


@dataclass(frozen=True)
class Stage:
    """A named part of a training run with its `share` of the steps and the `rate` at which its learning rates start.

    `predictor` trains M, b and τ alone; `corrector` trains the correctors on a frozen predictor; `joint` trains all together on single
    steps; `multistep` trains all through rollouts that grow from 2 to `horizon` control steps.
    """

    name: str
    share: float
    rate: float = 1.0
    horizon: int = 8

    def __post_init__(self) -> None:
        """An unknown name raises with the valid ones."""
        if self.name not in STAGES:
            raise UnknownName("stage", self.name, list(STAGES))


@dataclass(frozen=True)
class TrainConfig:
    """Optimisation and data of a run. Learning rates fall along a cosine to zero within each stage."""

    stages: tuple[Stage, ...] = (Stage("joint", 1.0),)
    batch: int = 4096
    adam_rate: float = 2e-3  # first and last layers, biases, small networks
    muon_rate: float = 0.02  # hidden square matrices
    huber: float = 0.05  # whitened error at which the loss turns from square to linear
    clip: float = 1.0
    ema: float = 0.998
    recipe: str = "coverage"
    pool_chunks: int = 8  # chunks of data held at once; the oldest is replaced by a fresh one
    chunk_segments: int = 4000
    chunk_steps: int = 150  # training steps for each fresh chunk
    autocast: bool = True  # bfloat16 products in hidden layers; smooth motion is learnt more exactly without
    seed: int = 0
