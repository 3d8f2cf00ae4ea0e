"""`WorldModel`: the base class of everything that predicts motion, and the registry of world models.

A world model learns from true motion and predicts states from a history of them. Dynamics are world models that need the present alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Protocol

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import Array, History, Segments, Trajectory
from mosim_gym.mechanics.registry import Registry


class MotionData(Protocol):
    """True motion of one robot to learn from."""

    @property
    def robot(self) -> str:
        """The robot's name."""
        ...

    def blocks(self) -> Iterator[Segments]:
        """Blocks of segments, each time the same ones in the same order; there may be no end of them."""
        ...


class WorldModel(ABC):
    """Predicts motion. A new object knows nothing until `fit`."""

    title: ClassVar[str]
    """What tables and plots call it."""
    context: ClassVar[int] = 1
    """How many true states it wants to see first, the present one among them."""
    is_floor: ClassVar[bool] = False
    """Whether it is there for comparison alone, as no motion at all is."""

    @abstractmethod
    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Learn from `data` for about `budget` seconds. The same arguments give the same model, as far as the budget allows."""

    @abstractmethod
    def rollout(self, history: History, actions: Array) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`, from a history of at least `context` states."""


class DynamicsModel(WorldModel):
    """Dynamics as a world model: they see the present state alone, and are trained elsewhere."""

    title = "dynamics"

    def __init__(self, dynamics: Dynamics) -> None:
        """`dynamics` as they are."""
        self.dynamics = dynamics

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Nothing is left to learn."""

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """Open loop from the present."""
        return self.dynamics.rollout(history.qpos[:, -1], history.qvel[:, -1], actions)


def as_world_model(predictor: WorldModel | Dynamics) -> WorldModel:
    """`predictor`, if it is a world model; dynamics as one."""
    if isinstance(predictor, WorldModel):
        return predictor
    if isinstance(predictor, Dynamics):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
        return DynamicsModel(predictor)
    raise TypeError(
        f"{type(predictor).__name__} predicts no motion: give an object whose class derives from WorldModel or from mosim_gym.Dynamics."
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
    },
)
