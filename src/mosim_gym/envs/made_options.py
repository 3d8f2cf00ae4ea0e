"""The options of `make_env` beside its arguments: those of single environments, and those of batches."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TypedDict

from gymnasium.vector import AutoresetMode

from mosim_gym.envs.options import IN_SINGLE
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.spaces import ObservationKind
from mosim_gym.envs.vector import MoSimVectorEnv
from mosim_gym.mechanics.names import said_choices


class EnvOptions(TypedDict, total=False):
    """The options of single environments and batches. `solver`, `precision` and `ensemble` are those of a model given by name or path."""

    device: str
    solver: str | None
    precision: str
    ensemble: int | Sequence[int] | None
    obs: ObservationKind
    render_mode: str | None
    width: int
    height: int


class SingleOptions(EnvOptions, total=False):
    """The options of a single environment, which batches do not have."""

    backend: str


class BatchOptions(EnvOptions, total=False):
    """The options of a batch."""

    autoreset_mode: AutoresetMode | str
    stagger: bool
    gradients: bool


BATCH_OPTIONS = ("autoreset_mode", "stagger", "gradients")
GIVEN = ("task", "num_envs", "checkpoint", "reset_from", "max_episode_steps")
"""Arguments of environments that `make_env` gives them."""
INSTEAD: Mapping[str, str] = {
    "task": "The task consists of its functions: reward, observation, terminated, goal.",
    "checkpoint": "The model is the first argument.",
    "reset_from": "It is called reset.",
    "penalties": "It is called penalty.",
    **dict.fromkeys(
        ("outside_model", "repeat", "autoreset"),
        "It is an argument of TorchEnv, in mosim_gym.envs.batch: TorchEnv(env.task, n, checkpoint=model, …).",
    ),
}
"""What to do instead of giving `make_env` an argument that others have."""


def check_options(options: Mapping[str, object], *, batch: bool) -> None:
    """Raise `TypeError` for an option that `make_env` does not have for one environment, or for a batch."""
    valid = _names(MoSimVectorEnv if batch else MoSimEnv)
    for name in options:
        if name in valid:
            continue
        hint = INSTEAD.get(name)
        if hint is None and not batch and name in BATCH_OPTIONS:
            hint = f"It is an option of batches: make_env(…, num_envs=8, {name}=…)."
        if batch and name in IN_SINGLE:
            hint = "It is an option of single environments: torch moves all batches."
        raise TypeError(f"make_env has no option {name!r}. {hint or said_choices(name, valid)}")


def _names(kind: type) -> list[str]:
    return [name for name in inspect.signature(kind).parameters if name not in GIVEN]
