"""`Penalty`: the base class of all penalties, which keep learners where their model can be believed, and the registry of penalties."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor

from mosim_gym.envs.core import Core, State
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.registry import Registry


class Charge(NamedTuple):
    """A penalty on B steps."""

    penalty: Tensor
    """The amount `(B,)` that is taken off the reward, finite."""
    cut: Tensor
    """Whether the episode is cut short, `(B,)`."""
    info: dict[str, Tensor]
    """Readings `(B,)` by name, which wrappers put into `info`."""


class Penalty(ABC):
    """Takes an amount off the reward of a step, which depends on the state before the step and on the action.

    A penalty is made with its own settings alone. `bind` gives it the environments.
    """

    @abstractmethod
    def bind(self, core: Core, dynamics: Dynamics) -> None:
        """Prepare for environments that `dynamics` moves. Raise if the penalty cannot judge them. A second call changes nothing."""

    @abstractmethod
    def charge(self, state: State, action: Tensor) -> Charge:
        """The charge for clipped actions `(B, nu)` in the states of B environments."""


def check_penalty(penalty: object) -> None:
    """Raise `TypeError` for what is not an object of a `Penalty`."""
    if isinstance(penalty, type):
        raise TypeError(f"penalty is the class {penalty.__name__}; give an object of it: {penalty.__name__}(…).")
    if not isinstance(penalty, Penalty):
        raise TypeError(
            f"penalty is of {type(penalty).__name__}; it must be an object whose class derives from mosim_gym.envs.penalties.Penalty, or "
            f"in make_env the name of a registered one: {', '.join(PENALTIES.names())}."
        )


def _check_charge(name: str, charge: object, shape: torch.Size) -> None:
    """Raise unless the penalty called `name` returned torch tensors `(B,)`, and truth values for cuts."""
    if not isinstance(charge, Charge):
        raise TypeError(
            f"{name} returned a {type(charge).__name__}; its charge must return a Charge(penalty, cut, info)."
        )
    for part, value in {"penalty": charge.penalty, "cut": charge.cut, **charge.info}.items():
        if not isinstance(value, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
            raise TypeError(f"{name} returned a {type(value).__name__} as {part}; it must be a torch tensor.")
    if charge.penalty.shape != shape or charge.cut.shape != shape:
        raise ValueError(
            f"{name} returned penalties of shape {tuple(charge.penalty.shape)} and cuts of shape {tuple(charge.cut.shape)}; both must be "
            f"{tuple(shape)}."
        )
    if charge.cut.dtype != torch.bool:
        raise TypeError(f"{name} returned {charge.cut.dtype} as cut; it must be torch.bool.")


class Penalties:
    """The penalties of an environment. All of them are taken off its reward."""

    def __init__(self, core: Core, dynamics: Dynamics) -> None:
        """There are no penalties yet."""
        self._core, self._dynamics = core, dynamics
        self._all: list[Penalty] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def __iter__(self) -> Iterator[Penalty]:
        return iter(self._all)

    def add(self, penalty: Penalty) -> None:
        """Apply `penalty` in every step from now on."""
        check_penalty(penalty)
        penalty.bind(self._core, self._dynamics)
        self._all.append(penalty)

    @contextmanager
    def also(self, penalty: Penalty) -> Generator[None]:
        """A context in which `penalty` is applied, too."""
        self._all.append(penalty)
        try:
            yield
        finally:
            self._all.remove(penalty)

    def charge(self, state: State, action: Tensor) -> Charge:
        """The sum of all penalties. An episode is cut where one of them cuts it."""
        total = torch.zeros(len(state.qpos), dtype=self._core.dtype, device=state.qpos.device)
        cut = torch.zeros_like(total, dtype=torch.bool)
        info: dict[str, Tensor] = {}
        for penalty in self._all:
            charge = penalty.charge(state, action)
            _check_charge(type(penalty).__name__, charge, total.shape)
            broken = charge.penalty[~charge.penalty.isfinite() & action.isfinite().all(-1)]
            if len(broken):
                raise FloatingPointError(
                    f"{type(penalty).__name__} takes {float(broken[0])} off a reward; a penalty must be finite."
                )
            total, cut = total + charge.penalty, cut | charge.cut
            info |= charge.info
        return Charge(total, cut, info)


PENALTIES: Registry[Penalty] = Registry(
    "penalty",
    "mosim_gym.penalties",
    Penalty,  # type: ignore[type-abstract]
    {
        "density": "mosim_gym.envs.penalties.density:DensityPenalty",
        "disagreement": "mosim_gym.envs.penalties.disagreement:DisagreementPenalty",
    },
)
