"""`Run`: a training run in a folder. It has an identity, a clock, and a state on disk from which it continues after an interruption.

The state is one safetensors file, written atomically: the arrays of all parts (anything with `state` and `restore`), and the record.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, TypedDict

import numpy as np

from mosim_gym.mechanics.folder_lock import FolderLock
from mosim_gym.mechanics.schema import anything, checked, each, mapping, nullable, number, one_of, record, text, whole
from mosim_gym.mechanics.settings import said_difference
from mosim_gym.mechanics.storage import FileFault, check_folder, check_own, load_arrays, save_arrays
from mosim_gym.training.state import restoring

Array = np.ndarray
KIND, FORMAT = "policy run", 2
STATE, BEST, POLICY = "state.safetensors", "best.safetensors", "policy.safetensors"
ROBOT = "robot.safetensors"
"""The description of a robot that no catalogue has, beside the state of a run on it."""
SAVE_SECONDS = 20.0
SAVING = 0.03
"""The largest share of a run's time that is spent on saving."""
_IDENTITY = ("strategy", "task", "config", "model", "judge")


class Part(Protocol):
    """Something whose state a run saves."""

    def state(self) -> dict[str, Array]:
        """All that the continued run depends on."""
        ...

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Inverse of `state`."""
        ...


@dataclass
class RunRecord:
    """The identity of a run, and its results so far."""

    strategy: str
    task: str
    config: Mapping[str, Any]
    model: str
    """The identity of the dynamics in which the policy is trained."""
    judge: str | None = None
    """The identity of the dynamics in which policies are evaluated, if it is another one."""
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    """One entry for each evaluation."""
    best: float | None = None
    """The highest score of an evaluated policy, which is kept as `best.safetensors`."""
    evaluation_steps: int = 0
    """The number of control steps in evaluations."""
    next_evaluation: int = 0
    """The number of control steps of training at which the next evaluation is due."""


_RECORD = record(
    {
        "strategy": text(), "task": text(), "config": record({}), "model": text(), "judge": nullable(text()), "seconds": number(0),
        "curve": each(mapping(anything)), "best": nullable(number()), "evaluation_steps": whole(0), "next_evaluation": whole(0),
    }
)  # fmt: skip
_HEADER = record({"version": one_of(FORMAT), "record": _RECORD})


class RunHeader(TypedDict):
    """The header of a run's state: a `RunRecord` as JSON."""

    version: int
    record: Mapping[str, Any]


class Run:
    """A run in `folder`. If it continues an interrupted run, `record` is that run's record, and `add` restores the run's parts."""

    def __init__(self, folder: Path, record: RunRecord, save_every: float = SAVE_SECONDS) -> None:
        """Raises `FileFault` for a folder that holds another run or other results. `save_every` are the seconds from one save to the next.
        With 0 a save is always due.
        """
        if not save_every >= 0:
            raise ValueError(f"save_every is {save_every}; it must be a number of seconds, at least 0.")
        self.folder, self.record, self._save_every = folder, record, save_every
        check_folder(folder)
        check_own((folder / BEST, folder / POLICY), folder / STATE)
        self._lock = FolderLock(folder) if folder.exists() else None  # else from the first file on
        self._parts: dict[str, Part] = {}
        self._arrays: dict[str, Array] | None = None
        if self.path.exists():
            self._load()
        self._begun = time.monotonic() - self.record.seconds
        self._due = time.monotonic() + save_every

    @property
    def path(self) -> Path:
        """The file of the run's state."""
        return self.folder / STATE

    @property
    def resumed(self) -> bool:
        """Whether the run continues from a state on disk."""
        return self._arrays is not None

    def _load(self) -> None:
        arrays, header = read_run(self.path)
        found = RunRecord(**{item.name: header["record"][item.name] for item in fields(RunRecord)})
        for name in _IDENTITY:
            there, here = getattr(found, name), getattr(self.record, name)
            if name == "config":
                here = _without_new(here, there)
            if there != here:
                raise FileFault(
                    f"{self.folder} holds a run with another {name} ({said_difference(there, here)}); choose another folder."
                )
        self.record, self._arrays = found, arrays

    def add(self, name: str, part: Part) -> None:
        """Save `part` with the run from now on. Restore its state if the run continues an earlier one."""
        self._parts[name] = part
        if self._arrays is None:
            return
        prefix = f"{name}/"
        mine = {key.removeprefix(prefix): value for key, value in self._arrays.items() if key.startswith(prefix)}
        with restoring(self.path):
            part.restore(mine)

    def tick(self) -> float:
        """Record and return the run's duration, s."""
        self.record.seconds = time.monotonic() - self._begun
        return self.record.seconds

    @property
    def save_due(self) -> bool:
        """Whether it is time to save: every `save_every` seconds, or less often if saving takes long."""
        return time.monotonic() >= self._due

    def save(self) -> None:
        """Write the state of all parts and the record."""
        begun = time.monotonic()
        self._lock = self._lock or FolderLock(self.folder)
        arrays = {f"{name}/{key}": value for name, part in self._parts.items() for key, value in part.state().items()}
        save_arrays(self.path, KIND, arrays, {"version": FORMAT, "record": asdict(self.record)})
        now = time.monotonic()
        self._due = now + (max(self._save_every, (now - begun) / SAVING) if self._save_every else 0.0)


def _without_new(here: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration `here` without settings that are off (0, False, None) and that the older one `there` does not have."""
    return {name: value for name, value in here.items() if name in there or value}


def read_run(path: Path) -> tuple[dict[str, Array], RunHeader]:
    """Arrays and header of the run's state at `path`."""
    arrays, header = load_arrays(path, KIND)
    if header.get("version") != FORMAT:
        raise FileFault(
            f"{path.parent} holds a run of an older version of mosim_gym, which cannot be continued; choose another folder."
        )
    return arrays, checked(path, "header", header, _HEADER, RunHeader)
