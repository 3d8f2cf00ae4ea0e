"""`WorldModel`: the base class of everything that predicts motion, and the registry of world models.

A world model learns from true motion and predicts states from past ones. Dynamics are world models that need the present state only, and
those with a memory the commands before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Protocol

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import Array, History, Segments, Trajectory
from mosim_gym.mechanics.registry import Registry
from mosim_gym.mechanics.robot import Robot


class MotionData(Protocol):
    """True motion of one robot to learn from."""

    @property
    def robot(self) -> str | Robot:
        """The robot, or its name where it is packaged."""
        ...

    def blocks(self) -> Iterator[Segments]:
        """Blocks of segments, the same ones in the same order at each call. The number of blocks may be infinite."""
        ...


class WorldModel(ABC):
    """Predicts motion, once `fit` has trained it."""

    title: ClassVar[str]
    """The name in tables and plots."""
    context: int = 1
    """The number of true states that `rollout` needs, the present one among them."""
    is_floor: ClassVar[bool] = False
    """Whether the model is a baseline for comparison only."""

    @abstractmethod
    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Learn from `data` for about `budget` seconds. The same arguments give the same model, up to what the time allowed."""

    @abstractmethod
    def rollout(self, history: History, actions: Array) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`, from a history of at least `context` states."""


class DynamicsModel(WorldModel):
    """Dynamics as a world model. They see the present state and, if they have a memory, the commands before; `fit` does not train them."""

    title = "dynamics"

    def __init__(self, dynamics: Dynamics) -> None:
        """Predict by `dynamics`."""
        self.dynamics = dynamics
        self.context = 1 + dynamics.memory

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Do nothing: the dynamics are trained already."""

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """The open-loop rollout from the present state."""
        memory = self.dynamics.memory
        known = {"previous": history.latest(1 + memory).actions} if memory else {}
        return self.dynamics.rollout(history.qpos[:, -1], history.qvel[:, -1], actions, **known)


def as_world_model(predictor: WorldModel | Dynamics) -> WorldModel:
    """`predictor` itself if it is a world model, a `DynamicsModel` of it if it is a `Dynamics`."""
    if isinstance(predictor, WorldModel):
        return predictor
    if isinstance(predictor, Dynamics):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
        return DynamicsModel(predictor)
    raise TypeError(
        f"{type(predictor).__name__} is not a predictor of motion: its class must derive from WorldModel or from mosim_gym.Dynamics."
    )


WORLD_MODELS: Registry[WorldModel] = Registry(
    "world model",
    "mosim_gym.world_models",
    WorldModel,  # type: ignore[type-abstract]
    {
        "hold-last": "mosim_gym.evaluation.floors:HoldLast",
        "linear": "mosim_gym.evaluation.floors:LinearModel",
        "mosim": "mosim_gym.training.world_models:MoSimModel",
        "residual": "mosim_gym.training.world_models:ResidualModel",
        "gru": "mosim_gym.world_models.gru:GRUModel",
        "transformer": "mosim_gym.world_models.transformer:TransformerModel",
        "pets": "mosim_gym.world_models.pets:PETSModel",
        "rssm": "mosim_gym.world_models.rssm:RSSMModel",
        "latent": "mosim_gym.world_models.latent:LatentModel",
        "nerd": "mosim_gym.world_models.nerd:NeRDModel",
    },
)
