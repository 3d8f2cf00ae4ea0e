"""Packaged densities: each is the density of the data that the checkpoint of the same name was trained on.

`hopper` is that of states and actions, and `hopper:states` that of states alone.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from mosim_gym.density.motion_density import STATES, STATES_AND_ACTIONS, MotionDensity, load_density, read_density_card
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.zoo.names import robot_at

DENSITIES = Path(__file__).parent / "densities"


def density_name(checkpoint: str, of: str) -> str:
    """The name of the density of a checkpoint's data, of "states and actions" or of "states"."""
    if of not in (STATES_AND_ACTIONS, STATES):
        raise UnknownName("kind of density", of, [STATES_AND_ACTIONS, STATES])
    return checkpoint if of == STATES_AND_ACTIONS else f"{checkpoint}:{STATES}"


def packaged_densities() -> list[str]:
    """Names of the packaged densities."""
    return sorted(path.stem.replace("+", ":") for path in DENSITIES.glob("*.safetensors"))


def packaged_density_path(name: str) -> Path:
    """The path of the density called `name`."""
    return DENSITIES / f"{name.replace(':', '+')}.safetensors"


def find_density(name: str | PathLike[str], robot: Robot | None = None) -> MotionDensity:
    """A packaged density by its name, or the density in a file by its path.

    `robot` is that of a file; by default the packaged one.
    """
    if not isinstance(name, str | PathLike):
        raise TypeError(f"{name!r} is not a density; give a name, a path or a MotionDensity.")
    if isinstance(name, str) and packaged_density_path(name).exists():
        return load_density(packaged_density_path(name), robot_at(name.removesuffix(f":{STATES}")))
    path = Path(name)
    if not path.exists():
        if isinstance(name, str) and "/" not in name and not path.suffix:
            known = ", ".join(packaged_densities()) or "none yet"
            raise FileFault(
                f"No density is packaged for {name!r} (packaged: {known}): fit one with `mosim-gym density` and give its file; "
                "models of logs have one if they are trained with density=True."
            )
        raise FileFault(f"There is no density file at {path}.")
    return load_density(path, robot or robot_at(read_density_card(path)["robot"]))
