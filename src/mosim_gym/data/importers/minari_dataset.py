"""Logs in datasets of Minari, by its id among the datasets on this machine or by its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mosim_gym.data.importers.base import Array, Importer, Table
from mosim_gym.data.importers.episodes import episodes_table
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.storage import FileFault

EXTRA = "minari"
METADATA = "metadata.json"


class MinariImporter(Importer):
    """Reads `minari:<id>` and folders of Minari. Columns are `observations`, `actions`, and paths such as `infos/qpos`."""

    scheme: ClassVar[str] = "minari"

    def owns(self, folder: Path) -> bool:
        """Whether the folder, or `data` in it, is a dataset of Minari."""
        return any((place / METADATA).is_file() for place in (folder, folder / "data"))

    def read(self, source: str) -> Table:
        """All episodes of a dataset. Each has a row more than it has actions."""
        minari = import_extra("minari", EXTRA, "reading Minari")
        dataset = _open(minari, source)
        episodes = [_flat(episode) for episode in dataset.iterate_episodes()]
        if not episodes:
            raise FileFault(f"The Minari dataset {source} has no episodes.")
        shared = [name for name in episodes[0][1] if all(name in columns for _, columns in episodes)]
        shapes = {name: [columns[name].shape for _, columns in episodes] for name in shared}
        step = dataset.storage.metadata.get("time_step")
        constants = {"time_step": float(step)} if isinstance(step, int | float) else {}
        names = [str(number) for number, _ in episodes]
        return episodes_table(source, names, shapes, lambda name, i: episodes[i][1][name], constants)


def _open(minari: Any, source: str) -> Any:
    folder = next((p for p in (Path(source), Path(source) / "data") if (p / METADATA).is_file()), None)
    try:
        return minari.load_dataset(source) if folder is None else minari.MinariDataset(folder)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise FileFault(f"The Minari dataset {source} cannot be read ({error}).") from error


def _flat(episode: Any) -> tuple[int, dict[str, Array]]:
    """The number of an episode, and its arrays of numbers by their paths."""
    found: dict[str, Array] = {}

    def add(name: str, value: object) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                add(f"{name}/{key}", part)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.ndim in (1, 2):
            found[name] = value

    for name in ("observations", "actions", "infos", "rewards"):
        add(name, getattr(episode, name))
    return int(episode.id), found
