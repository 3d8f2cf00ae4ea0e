"""`TrainConfig`: how a model is trained, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch

from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.training.compiled import WORTHWHILE, can_compile

STAGES = ("predictor", "corrector", "joint", "multistep")
LOSSES = ("direct", "solver")
ENDS = ("share", "convergence")


@dataclass(frozen=True)
class Stage:
    """A named part of a training run with its `share` of the steps and the `rate` at which its learning rates start.

    `predictor` trains M, b and τ alone; `corrector` trains the correctors on a frozen predictor; `joint` trains all together on single
    steps; `multistep` trains all through rollouts that grow from 2 to `horizon` control steps by half-time.

    The `direct` loss is of what the model says of the control step; the `solver`'s, as in the MoSim paper, of the next state as the
    configured solver reaches it (dopri5 with gradients by the adjoint equation).

    A stage ends with its share of the time, or, `until` convergence, before that: when its error on held-out motion no longer falls.
    """

    name: str
    share: float
    rate: float = 1.0
    horizon: int = 8
    until: str = "share"  # or "convergence"
    loss: str = "direct"  # or "solver", for single steps

    def __post_init__(self) -> None:
        """Unknown names raise with the valid ones."""
        if self.name not in STAGES:
            raise UnknownName("stage", self.name, list(STAGES))
        if self.until not in ENDS:
            raise UnknownName("end of a stage", self.until, list(ENDS))
        if self.loss not in LOSSES:
            raise UnknownName("loss", self.loss, list(LOSSES))
        if not 0 < self.share <= 1e6:
            raise ValueError(f"The share of stage {self.name!r} is {self.share}; it must be above 0.")


FLIGHT_FIRST = (Stage("predictor", 0.15), Stage("corrector", 0.85))
"""For a model that foresees contact: flight first, then what contact adds to it."""
CONVERGED = "converged"
"""What stands behind a stage's name that ends by convergence."""


def read_stages(text: str, *, loss: str = "direct") -> tuple[Stage, ...]:
    """The stages of `predictor,corrector`, in order.

    All have equal shares of the time, unless `predictor:0.2,corrector:0.8` says otherwise; `predictor:converged` ends when it learns no
    more.
    """
    stages: list[Stage] = []
    for part in text.split(","):
        name, _, how = (piece.strip() for piece in part.partition(":"))
        try:
            share = 1.0 if how in ("", CONVERGED) else float(how)
        except ValueError as error:
            raise ValueError(
                f"The stage {part.strip()!r} ends by {how!r}; give a share of the time, as in {name}:0.2, or {name}:{CONVERGED}."
            ) from error
        single = name != "multistep"
        stages.append(
            Stage(name, share, until="convergence" if how == CONVERGED else "share", loss=loss if single else "direct")
        )
    return tuple(stages)


def with_horizon(stages: tuple[Stage, ...], horizon: int, longest: int) -> tuple[Stage, ...]:
    """The stages, with rollouts of up to `horizon` control steps where they train through several; `longest` is that of the motion."""
    if all(stage.name != "multistep" for stage in stages):
        raise ValueError(
            "A horizon is for rollouts of several steps: refine a checkpoint, or name the stage multistep."
        )
    if not 2 <= horizon <= longest:
        raise ValueError(
            f"The horizon is {horizon}; this motion has segments of {longest} control steps: give 2 to {longest}."
        )
    return tuple(replace(stage, horizon=horizon) if stage.name == "multistep" else stage for stage in stages)


REFINEMENT = (Stage("multistep", 1.0, rate=0.1),)
"""For a model that has been trained before: what its errors add up to over several steps, at low rates."""


@dataclass(frozen=True)
class TrainConfig:
    """Optimisation and data of a run. Learning rates fall along a cosine to zero within each stage."""

    stages: tuple[Stage, ...] = (Stage("joint", 1.0),)
    batch: int = 4096
    adam_rate: float = 2e-3  # first and last layers, biases, small networks
    muon_rate: float | None = 0.02  # hidden square matrices; None leaves them to Adam
    huber: float = 0.05  # whitened error at which the loss turns from square to linear
    clip: float = 1.0
    ema: float = 0.998
    recipe: str = "coverage"
    # what teaches flight; None: those of the recipe's own transitions in which nothing touched
    flight_recipe: str | None = "flight"
    pool_chunks: int = 32  # the most chunks of data held at once; beyond, a fresh one replaces the oldest
    first_chunks: int = 8  # chunks that are there before the first step
    chunk_segments: int = 1000
    chunk_steps: int = 100  # training steps for each fresh chunk
    autocast: bool = True  # bfloat16 products in hidden layers; smooth motion is learnt more exactly without
    exact_ends: bool = True  # under autocast, first and last layers in float32
    compile: bool = False  # let torch compile the networks, with a C++ compiler or, on GPUs, Triton
    seed: int = 0

    def at_rate(self, adam_rate: float) -> Self:
        """The same run at another rate of Adam. Muon's rate keeps its ratio to it."""
        muon_rate = None if self.muon_rate is None else self.muon_rate * adam_rate / self.adam_rate
        return replace(self, adam_rate=adam_rate, muon_rate=muon_rate)


def training_for(
    model: MoSimConfig, *, seed: int = 0, recipe: str | None = None, device: str = "cpu", budget: float = 0.0
) -> TrainConfig:
    """How a model is trained unless someone says otherwise: `paper-*` as the paper does, smooth motion without bfloat16.

    Smooth motion is learned to small errors, and in a squared loss the fastest states would outweigh all others. So the loss turns linear
    early.

    Networks are compiled where that is possible and the `budget`, in seconds, is long enough. On a GPU batches are four times as large, and
    several million transitions stay in its memory.
    """
    touching = model.preset in ("default", "substeps")
    chosen = recipe or ("mixed" if touching else "coverage")
    config = TrainConfig(seed=seed, recipe=chosen, compile=budget >= WORTHWHILE and can_compile(device))
    if model.preset in ("smooth", "small"):
        config = replace(config, autocast=False, huber=0.01)
    if touching:  # twice the steps on half the rows
        config = replace(config, batch=2048)
    if model.preset == "substeps":  # many inputs: bfloat16 saves time, which goes into more training steps
        config = replace(config, exact_ends=False, chunk_steps=250)
    if model.foresight:
        config = replace(config, stages=FLIGHT_FIRST)
    if model.preset.startswith("paper-"):
        stages = (Stage("joint", 1.0, loss="solver"),)
        return replace(config, stages=stages, batch=1024, adam_rate=1e-3, muon_rate=None, autocast=False)
    if torch.device(device).type == "cuda":
        return replace(config, batch=16_384, pool_chunks=128, chunk_steps=25)
    return config


def refinement(rate: float | None) -> tuple[Stage, ...]:
    """The stages of refining, at other rates if any are given."""
    if rate is None:
        return REFINEMENT
    if not 0 < rate <= 1:
        raise ValueError(f"The rate is {rate}; it is a share of ordinary training's, above 0 and at most 1.")
    return tuple(replace(stage, rate=rate) for stage in REFINEMENT)
