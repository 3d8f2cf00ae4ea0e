"""Names of packaged checkpoints, `robot[@dt][:variant]`, and `load`."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import Any

from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import load_robot
from mosim_gym.zoo.checkpoint import load_checkpoint, read_card

WEIGHTS = Path(__file__).parent / "weights"
_NAME = re.compile(r"(?P<robot>[a-z0-9_]+(@[0-9.]+)?)(:(?P<variant>[a-z0-9_-]+))?")


def packaged() -> list[str]:
    """Names of all packaged checkpoints."""
    return sorted(path.stem.replace("+", ":") for path in WEIGHTS.glob("*.safetensors"))


def packaged_path(name: str) -> Path:
    """Where the packaged checkpoint `name` is kept."""
    return WEIGHTS / f"{name.replace(':', '+')}.safetensors"


def checkpoint_name(robot: str, variant: str | None = None) -> str:
    """`robot[:variant]`; a variant that no name can have is refused."""
    name = robot if variant is None else f"{robot}:{variant}"
    if variant is not None and not _NAME.fullmatch(name):
        raise ValueError(
            f"{variant!r} cannot be a variant: use lower-case letters, digits, '_' and '-', as in cheetah:narrow."
        )
    return name


def robot_at(name: str) -> Robot:
    """The robot of a checkpoint name; `@dt` makes one of its control steps last `dt` seconds."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise UnknownName("checkpoint", name, packaged())
    return load_robot(match["robot"])


def load(name: str | PathLike[str], **options: Any) -> Simulator:
    """A Simulator by packaged name (`cheetah`, `cheetah:narrow`, `hopper@0.005`) or by path; `options` as for `Simulator`."""
    if isinstance(name, str) and packaged_path(name).exists():
        return load_checkpoint(packaged_path(name), robot_at(name), **options)
    path = Path(name)
    if not path.exists():
        if isinstance(name, str) and _NAME.fullmatch(name):
            raise UnknownName("checkpoint", name, packaged())
        raise FileFault(f"There is no checkpoint file at {path}.")
    card = read_card(path)
    return load_checkpoint(path, robot_at(card["name"]), **options)
