"""`train_members`: an ensemble whose members are trained one by one, as tasks that a cluster can share, and then combined."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.executor import HERE, Executor
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.training.installing import Outcome
from mosim_gym.training.model_choice import chosen_model
from mosim_gym.training.run import check_free, combine, train_checkpoint
from mosim_gym.zoo.names import CHECKPOINT

CHECKED = ("preset_name", "recipe", "device", "start", "rate")
"""Options whose names and values are checked before the first member is trained."""


def train_members(
    robot: str,
    seeds: Sequence[int],
    *,
    budget: float,
    folder: Path,
    install: bool = False,
    workers: Executor = HERE,
    **options: Any,
) -> Outcome:
    """An ensemble of `robot` in `folder`, with one member for each of `seeds`. Each member trains for `budget` seconds.

    `options` are further ones of `train_checkpoint`. A member that was interrupted goes on from `folder/member-<seed>` where that folder
    is on a disk that its next worker sees, and begins anew elsewhere. With `steps` the members do not depend on who trains them.
    """
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise ValueError(f"The seeds are {list(seeds)}; an ensemble needs at least two, each of its own.")
    folder = folder.resolve()
    check_free(folder)
    chosen_model(
        robot, **{name: options[name] for name in CHECKED if name in options}
    )  # before anyone is asked to work
    train = partial(_trained, robot, budget, folder, options)
    found = dict(zip(seeds, workers.map(train, seeds), strict=True))
    paths = [write_atomically(_place(folder, seed) / CHECKPOINT, content) for seed, content in found.items()]
    return combine(paths, folder=folder, install=install)


def _place(folder: Path, seed: int) -> Path:
    return folder / f"member-{seed}"


def _trained(robot: str, budget: float, folder: Path, options: dict[str, Any], seed: int) -> bytes:
    """The checkpoint file of a member."""
    outcome = train_checkpoint(
        robot, budget=budget, folder=_place(folder, seed), members=1, seed=seed, logs=False, **options
    )
    return outcome.path.read_bytes()
