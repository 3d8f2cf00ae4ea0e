"""Checks of a robot's file: each value of the header, one row of each array for each name, finite numbers, and valid indices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.parts import Group, JointType
from mosim_gym.mechanics.schema import LARGEST, checked, each, mapping, nullable, number, one_of, record, text, whole
from mosim_gym.mechanics.storage import FileFault

Array = np.ndarray
_FLAG = one_of(True, False)
_INDICES = {
    "bodies.parent": "bodies",
    "joints.body": "bodies",
    "dofs.joint": "joints",
    "dofs.body": "bodies",
    "geoms.body": "bodies",
    "sites.body": "bodies",
    "contacts.body": "bodies",
    "contacts.geom": "geoms",
    "contacts.plane": "geoms",
}
"""Arrays of row numbers, and the group to which the rows belong."""


class InvariancesRecord(TypedDict):
    """What a robot's motion does not depend on, as its file says it."""

    translations: list[str]
    yaw: str | None


class RobotRecord(TypedDict):
    """All of a robot that is no array, as its file says it; `names` are those of each group's parts."""

    name: str
    physics_step: float
    substeps: int
    integrator: str
    contact_enabled: bool
    limit_enabled: bool
    density: float
    viscosity: float
    model_digest: str
    invariances: InvariancesRecord
    names: dict[str, list[str]]


class RobotHeader(TypedDict):
    """The header of a robot's file."""

    version: int
    robot: RobotRecord
    shared_banks: NotRequired[dict[str, str]]
    checksum: NotRequired[str]


def read_header(path: Path, outer: JSON, version: int, groups: Mapping[str, type[Group]]) -> RobotHeader:
    """The header of a robot. Raises `FileFault` for any other. Call it before anything in the header is used."""
    names = record({group: each(text(), longest=10_000) for group in groups}, others=False)
    robot = record(
        {
            "name": text(),
            "physics_step": number(1e-9, 1e3),
            "substeps": whole(1, 1_000_000),
            "integrator": text(),
            "contact_enabled": _FLAG,
            "limit_enabled": _FLAG,
            "density": number(0),
            "viscosity": number(0),
            "model_digest": text(),
            "invariances": record({"translations": each(text()), "yaw": nullable(text())}, others=False),
            "names": names,
        },
        others=False,
    )
    shared = {"shared_banks": mapping(text())}
    rule = record({"version": one_of(version), "robot": robot}, {**shared, "checksum": text()})
    return checked(path, "header", outer, rule, RobotHeader)


def check_arrays(
    path: Path, names: Mapping[str, list[str]], arrays: Mapping[str, Array], groups: Mapping[str, type[Group]]
) -> None:
    """Raise `FileFault` unless `arrays` are the tables of a robot whose parts have these `names`."""
    tables = {f"{group}.{f.name}" for group, kind in groups.items() for f in dataclasses.fields(kind)}
    wanted = {"qpos0", "gravity", *(table for table in tables if not table.endswith(".names"))}
    found = {name for name in arrays if not name.startswith("reset_banks.")}
    if found != wanted:
        raise FileFault(
            f"{path} is damaged: its part {sorted(found ^ wanted)[0]!r} is missing, or not a part of a robot."
        )
    for name, array in arrays.items():
        group = name.partition(".")[0]
        if group in names and (array.ndim == 0 or len(array) != len(names[group])):
            raise FileFault(f"{path} is damaged: {name} must have one row for each of the {group}.")
        if array.dtype.kind not in "bif" or not np.abs(array.astype(float)).max(initial=0) <= LARGEST:
            raise FileFault(f"{path} is damaged: {name} must hold finite numbers, of at most {LARGEST:g}.")
    for name, group in _INDICES.items():
        if arrays[name].dtype.kind != "i" or not _within(arrays[name], len(names[group])):
            raise FileFault(f"{path} is damaged: {name} must hold row numbers of the {group}.")
    types = arrays["joints.type"]
    if types.dtype.kind != "i" or not _within(types, len(JointType)):
        raise FileFault(f"{path} is damaged: joints.type must hold MuJoCo's joint types.")
    kinds = [JointType(kind) for kind in types.tolist()]
    for name, sizes, count in (
        ("joints.qpos_start", [kind.qpos_size for kind in kinds], arrays["qpos0"].shape),
        ("joints.dof_start", [kind.dof_size for kind in kinds], (len(names["dofs"]),)),
    ):
        starts = np.cumsum([0, *sizes])
        if arrays[name].tolist() != starts[:-1].tolist() or count != (starts[-1],):
            raise FileFault(f"{path} is damaged: {name} does not fit the joints.")


def _within(indices: Array, count: int) -> bool:
    return not indices.size or (indices.min() >= 0 and indices.max() < count)
