"""Logs as files of other formats, which `import_logs` reads again to equal arrays."""

from __future__ import annotations

import os
import re
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.packages import import_extra

if TYPE_CHECKING:
    from mosim_gym.data.logs import Logs

MINARI_ID = re.compile(r"(?:[-\w]+/)*[-\w]+-v\d+")


def to_parquet(logs: Logs, path: Path) -> Path:
    """Write one Parquet file with the columns `qpos`, `qvel`, `action`, `segment` and `time`. Its notes have `time_step`."""
    arrow = import_extra("pyarrow", "parquet", "writing Parquet")
    parquet = import_extra("pyarrow.parquet", "parquet", "writing Parquet")
    lengths = np.diff(logs.starts)
    columns = {
        name: arrow.FixedSizeListArray.from_arrays(arrow.array(np.asarray(array).reshape(-1)), array.shape[1])
        for name, array in (("qpos", logs.qpos), ("qvel", logs.qvel), ("action", logs.actions))
        if array.shape[1]
    }
    columns["segment"] = arrow.array(np.repeat(np.arange(len(logs)), lengths))
    number = np.arange(len(logs.qpos)) - np.repeat(logs.starts[:-1], lengths)
    columns["time"] = arrow.array(number * logs.control_step)
    notes = {"time_step": repr(logs.control_step), "robot": logs.robot.name}
    table = arrow.table(columns).replace_schema_metadata(notes)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        parquet.write_table(
            table, temporary, use_dictionary=False, row_group_size=100_000
        )  # measured numbers hardly repeat
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path


def to_minari(logs: Logs, dataset_id: str) -> None:
    """Make a Minari dataset of observations `qpos` and `qvel`, with an episode for each segment and rewards of 0.

    A robot without actuators has one action that is 0.
    """
    if not isinstance(dataset_id, str) or not MINARI_ID.fullmatch(dataset_id):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(
            f"{dataset_id!r} cannot be the id of a Minari dataset; it must be a name with a version, such as arm/logs-v0."
        )
    minari = import_extra("minari", "minari", "writing Minari")
    spaces = import_module("gymnasium.spaces")

    def box(width: int) -> object:
        return spaces.Box(-np.inf, np.inf, (width,), np.float64)

    robot = logs.robot
    buffers = []
    for number, segment in enumerate(logs):
        steps = len(segment.actions)
        ends = np.arange(steps) == steps - 1
        buffers.append(
            minari.data_collector.EpisodeBuffer(
                id=number,
                observations={"qpos": np.array(segment.qpos), "qvel": np.array(segment.qvel)},
                actions=np.array(segment.actions) if robot.nu else np.zeros((steps, 1)),
                rewards=np.zeros(steps),
                terminations=np.zeros(steps, bool),
                truncations=ends,
                infos={},
            )
        )
    dataset = minari.create_dataset_from_buffers(
        dataset_id,
        buffers,
        observation_space=spaces.Dict({"qpos": box(robot.nq), "qvel": box(robot.nv)}),
        action_space=box(max(robot.nu, 1)),
        data_format="hdf5",
        description=f"Logged motion of {robot.name}, a row every {robot.control_step:g} s.",
    )
    dataset.storage.update_metadata({"time_step": robot.control_step})
