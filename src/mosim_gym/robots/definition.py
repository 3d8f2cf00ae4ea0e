"""`RobotDefinition`: what a robot file declares. Everything else about a robot follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mosim_gym.mechanics import Invariances
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

    @property
    def description_file(self) -> Path:
        """The packaged `Robot`."""
        return self.assets / f"{self.name}.safetensors"

    @property
    def mjcf_file(self) -> Path:
        """The packaged, self-contained MJCF."""
        return self.assets / f"{self.name}.xml"
