"""Packaged densities: each is the density of the data that the checkpoint of the same name was trained on."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from mosim_gym.density.motion_density import MotionDensity, load_density, read_density_card
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.zoo.names import robot_at

DENSITIES = Path(__file__).parent / "densities"


def packaged_densities() -> list[str]:
    """Names of the checkpoints whose density is packaged."""
    return sorted(path.stem.replace("+", ":") for path in DENSITIES.glob("*.safetensors"))


def packaged_density_path(name: str) -> Path:
    """The path of the density of checkpoint `name`."""
    return DENSITIES / f"{name.replace(':', '+')}.safetensors"


def find_density(name: str | PathLike[str], robot: Robot | None = None) -> MotionDensity:
    """The density of a packaged checkpoint by the checkpoint's name, or the density in a file by its path.

    `robot` is that of a file; by default the packaged one.
    """
    if not isinstance(name, str | PathLike):
        raise TypeError(f"{name!r} is not a density; give a name, a path or a MotionDensity.")
    if isinstance(name, str) and packaged_density_path(name).exists():
        return load_density(packaged_density_path(name), robot_at(name))
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
