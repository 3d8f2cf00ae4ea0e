"""`RobotDefinition`: what one robot file declares. Everything else about a robot follows from it."""

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


def dm_control_model(domain: str, *arguments: object) -> Callable[[], tuple[str | bytes, Assets]]:
    """The MJCF text and assets of a domain of dm_control's suite, read when called; `arguments` where it makes models to order."""

    def read() -> tuple[str | bytes, Assets]:
        return dm_control_suite(domain).get_model_and_assets(*arguments)

    return read


def mjcf_file(path: str | Path) -> Callable[[], tuple[str | bytes, Assets]]:
    """The MJCF file at `path`; included files are read from its folder."""

    def read() -> tuple[str | bytes, Assets]:
        folder = Path(path).parent
        assets = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.xml")}
        return Path(path).read_text(encoding="utf-8"), assets

    return read


@dataclass(frozen=True)
class Coverage:
    """From where `wide` resets draw a robot's states, so that a model learnt there holds wherever a policy may go.

    `speeds` gives the range of velocity (rad/s or m/s) of each degree of freedom: hinges and slides by their joint's name, a free joint's
    as `root.x` … `root.wz`. `positions` gives the range of joints without limits (rad or m); hinges
    that are not named are uniform in ±π, slides stay at `qpos0`. A robot that touches the ground is then lifted along `height`, a slide,
    until its lowest contact point has a clearance in `clearance` (m). Limited joints are placed as far as `overshoot` of their range
    beyond its ends: limits are soft, and are passed in use; a model must have seen how far.
    """

    speeds: Mapping[str, tuple[float, float]]
    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    height: str | None = None
    clearance: tuple[float, float] = (-0.015, 0.3)
    overshoot: float = 0.05


@dataclass(frozen=True)
class RobotDefinition:
    """A robot: where its MJCF comes from, its control step in seconds, its invariances and its tasks.

    `coverage` says where training data come from; a robot without one has environments on the truth only. `assets` is the folder of the
    built description (`<name>.safetensors` and `<name>.xml`). `bank_size` is the number of true starts kept for each task; `sensors` names
    the sensors whose readings the state alone cannot tell; `pairs` names geoms of two moving bodies that may touch, `strings` two sites
    that a limited tendon keeps within a length (m); `preset` names the model's preset that suits it, if it is not the usual one.
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
