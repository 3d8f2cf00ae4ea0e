"""`RobotDefinition`: what a robot file declares. Everything else about a robot follows from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from mosim_gym.mechanics import Invariances
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.version import __version__
from mosim_gym.robots.suite import dm_control_suite
from mosim_gym.robots.task import Task

Assets = Mapping[str, bytes | str]
NO_INVARIANCES = Invariances()
PACKAGED = Path(__file__).parent / "assets"
MODELS = Path(__file__).parent / "models"
"""The sources of the MJCF of robots that dm_control does not have."""


def dm_control_model(domain: str, *arguments: object) -> Callable[[], tuple[str | bytes, Assets]]:
    """A function that reads the MJCF text and assets of a domain of dm_control's suite. `arguments` go to the domain's own function."""

    def read() -> tuple[str | bytes, Assets]:
        return dm_control_suite(domain).get_model_and_assets(*arguments)

    return read


def mjcf_file(path: str | Path) -> Callable[[], tuple[str | bytes, Assets]]:
    """A function that reads the MJCF file at `path`, and included files from its folder."""

    def read() -> tuple[str | bytes, Assets]:
        folder = Path(path).parent
        assets = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.xml")}
        return Path(path).read_text(encoding="utf-8"), assets

    return read


@dataclass(frozen=True)
class Extra:
    """A package that has the source of a robot, and the extra of mosim_gym that installs it."""

    package: str
    """As it is imported."""
    distribution: str
    """As it is installed."""
    name: str

    @property
    def is_installed(self) -> bool:
        """Whether the package is installed. It is not imported."""
        return find_spec(self.package) is not None

    def load(self, robot: str) -> ModuleType:
        """The package; raises `MissingExtra` where `robot` cannot be built because it is not installed."""
        return import_extra(self.package, self.name, f"the robot {robot}")

    @property
    def folder(self) -> Path:
        """Where robots from this version of the package are kept once they are built, in the user's cache."""
        try:
            installed = metadata.version(self.distribution)
        except metadata.PackageNotFoundError:
            installed = "none"
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "mosim_gym" / __version__ / f"{self.distribution}-{installed}"


@dataclass(frozen=True)
class Coverage:
    """The states from which `wide` resets draw, so that a model trained on them holds wherever a policy may go.

    `speeds` gives the range of velocity (rad/s or m/s) of each degree of freedom: hinges and slides by their joint's name, a free joint's
    as `root.x` … `root.wz`. `positions` gives the range of joints without limits (rad or m). Hinges that it does not name are uniform in
    ±π, and slides stay at `qpos0`. A robot that touches the ground is then lifted along `height`, a slide, until its lowest contact point
    has a clearance in `clearance` (m). Limited joints start up to `overshoot` of their range beyond its ends. Limits are soft, and motion
    passes them, so a model needs data there. With `clear`, states whose lowest contact point is deeper than `clearance` are drawn again:
    for robots on a fixed base.
    """

    speeds: Mapping[str, tuple[float, float]]
    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    height: str | None = None
    clearance: tuple[float, float] = (-0.015, 0.3)
    overshoot: float = 0.05
    clear: bool = False


@dataclass(frozen=True)
class RobotDefinition:
    """A robot: the source of its MJCF, its control step in seconds, its invariances and its tasks.

    - `coverage` says where training data start. A robot without it has environments on the truth only.
    - `assets` is the folder of the built description (`<name>.safetensors` and `<name>.xml`).
    - `bank_size` is the number of true starts kept for each task.
    - `sensors` names the sensors whose readings do not follow from the state.
    - `pairs` names geoms of two moving bodies that may touch.
    - `strings` names two sites that a limited tendon keeps within a length (m).
    - `preset` names the model's preset, if it is not the usual one.
    - `extra` says which package has the source, for a robot that is not packaged. It is built when it is first asked for, and absent where
      the package is not installed.
    """

    name: str
    model: Callable[[], tuple[str | bytes, Assets]]
    control_step: float
    tasks: tuple[type[Task], ...]
    coverage: Coverage | None = None
    invariances: Invariances = NO_INVARIANCES
    sensors: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    strings: tuple[tuple[str, str, float], ...] = ()
    preset: str | None = None
    bank_size: int = 1024
    assets: Path = PACKAGED
    extra: Extra | None = None

    @property
    def folder(self) -> Path:
        """Where the built files are."""
        return self.assets if self.extra is None else self.extra.folder

    @property
    def description_file(self) -> Path:
        """The built `Robot`."""
        return self.folder / f"{self.name}.safetensors"

    @property
    def mjcf_file(self) -> Path:
        """The built, self-contained MJCF."""
        return self.folder / f"{self.name}.xml"
