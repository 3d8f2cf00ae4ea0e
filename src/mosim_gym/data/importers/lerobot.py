"""Logs in datasets of LeRobot (v3, and v2): a folder with `meta/info.json` and Parquet files in `data/`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from mosim_gym.data.importers.base import Importer, Table
from mosim_gym.data.importers.parquet import parquet_table
from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.storage import FileFault

INFO = Path("meta") / "info.json"


class LeRobotImporter(Importer):
    """Reads `lerobot:<folder>`. Episodes are segments, and the rate is the dataset's."""

    scheme: ClassVar[str] = "lerobot"

    def owns(self, folder: Path) -> bool:
        """Whether there is `meta/info.json` in the folder."""
        return (folder / INFO).is_file()

    def read(self, source: str) -> Table:
        """All episodes of the dataset in the folder `source`."""
        folder = Path(source)
        if not self.owns(folder):
            raise FileFault(f"There is no dataset of LeRobot in {source}: it has no {INFO}.")
        paths = sorted(str(path) for path in folder.glob("data/**/*.parquet"))
        if not paths:
            raise FileFault(f"{source} has no Parquet files in data/, so its motion is not here.")
        try:
            info: JSON = json.loads((folder / INFO).read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise FileFault(f"{folder / INFO} is not readable JSON ({error}).") from error
        rate = info.get("fps") if isinstance(info, dict) else None
        table = parquet_table(source, paths)
        if isinstance(rate, int | float) and rate > 0:
            table = replace(table, constants={**table.constants, "time_step": 1 / rate})
        return table
