"""Names of packaged checkpoints, `robot[@dt][:variant]`, and `load`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Unpack

import torch

from mosim_gym.dynamics.simulator import Simulator, SimulatorOptions
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.signatures import options_of
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.mechanics.threads import OwnArithmetic
from mosim_gym.robots import find_task, load_robot, tasks
from mosim_gym.zoo.cards import NAME
from mosim_gym.zoo.checkpoint import load_checkpoint, read_card, saved_robot
from mosim_gym.zoo.hub import hub_file, is_on_hub

WEIGHTS = Path(__file__).parent / "weights"
SUFFIX = ".safetensors"
CHECKPOINT = f"checkpoint{SUFFIX}"
"""The name of the checkpoint in the folder of its training."""


def packaged() -> list[str]:
    """Names of all packaged checkpoints."""
    return sorted(path.stem.replace("+", ":") for path in WEIGHTS.glob(f"*{SUFFIX}"))


def packaged_path(name: str) -> Path:
    """The path of the packaged checkpoint `name`."""
    return WEIGHTS / f"{name.replace(':', '+')}{SUFFIX}"


def packaged_for(robot: str) -> str | None:
    """The packaged checkpoint that moves `robot` where none is named: that of its name, else that of its longest shorter steps, if any."""
    names = packaged()
    finer = [name for name in names if name.startswith(f"{robot}@") and ":" not in name]
    return robot if robot in names else max(finer, key=lambda name: float(name.partition("@")[2]), default=None)


def checkpoint_name(robot: str, variant: str | None = None) -> str:
    """`robot[:variant]`. Raises `ValueError` for a variant that a name cannot have."""
    name = robot if variant is None else f"{robot}:{variant}"
    if variant is not None and not NAME.fullmatch(name):
        raise ValueError(
            f"{variant!r} cannot be a variant: use lower-case letters, digits, '_' and '-', as in cheetah:narrow."
        )
    return name


def robot_at(name: str) -> Robot:
    """The robot of a checkpoint name. With `@dt` its control steps last `dt` seconds."""
    match = NAME.fullmatch(name)
    if match is None:
        raise UnknownName("checkpoint", name, packaged())
    return load_robot(match["robot"])


@options_of(Simulator)
def load(name: str | PathLike[str], **options: Unpack[SimulatorOptions]) -> Simulator:
    """The Simulator of a checkpoint by packaged name (`cheetah`, `cheetah:narrow`, `hopper@0.005`), path, or repository on the Hugging Face
    hub (`hf:owner/name`, `hf:owner/name@revision`); `options` are `Simulator`'s.
    """
    with OwnArithmetic(torch.device("cpu")):
        return load_checkpoint(*find_checkpoint(name), **options)


def find_checkpoint(name: str | PathLike[str], *, also: Sequence[str] = ()) -> tuple[Path, Robot]:
    """The file of a checkpoint by packaged name, by path, by the folder of its training or by repository on the hub, and its robot.

    `also` has further names that the error lists as valid.
    """
    if not isinstance(name, str | PathLike):
        raise TypeError(f"{name!r} is not a checkpoint; give a packaged name or a path.")
    if name in packaged():
        return packaged_path(str(name)), robot_at(str(name))
    path = hub_file(str(name), CHECKPOINT) if is_on_hub(name) else Path(name)
    if not _is_there(path) or name == "":
        if isinstance(name, str) and not _looks_like_a_path(name):
            raise UnknownName("checkpoint", name, [*also, *packaged()], hint=_if_a_task(name))
        raise FileFault(f"There is no checkpoint file at {path}.")
    if path.is_dir():  # of a training
        path = path / CHECKPOINT
        if not path.exists():
            raise FileFault(f"The folder {path.parent} holds no {CHECKPOINT}; give the path of a checkpoint.")
    return path, saved_robot(path) or robot_at(read_card(path)["name"])


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no file can have a name so long
        return False


def _looks_like_a_path(name: str) -> bool:
    return name.endswith(SUFFIX) or any(mark in name for mark in ("/", os.sep))


def _if_a_task(name: str) -> str:
    """The hint in the error if `name` is a task's id."""
    robot = find_task(name)[0].name if name in tasks() else None
    return f"It is a task; the checkpoint of its robot is {robot!r}." if robot in packaged() else ""
