"""Checks of a robot's file: each value of the header, one row of each array for each name, finite numbers, and valid indices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.parts import GeomType, Group, JointType
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
    "paths.tendon": "tendons",
    "paths.site": "sites",
    "paths.geom": "geoms",
    "paths.side": "sites",
    "servos.actuator": "actuators",
}
"""Arrays of row numbers, and the group to which the rows belong."""
_OR_NONE = ("paths.site", "paths.geom", "paths.side")
"""Arrays of row numbers in which -1 stands for none."""
_MOST = {"bodies": 2000, "joints": 2000, "dofs": 2000, "contacts": 3000, "paths": 10_000}
"""Parts of a kind. The memory that a model needs grows with the square of these numbers."""
_VECTORS = {
    **dict.fromkeys(
        ("bodies.pos", "bodies.ipos", "bodies.inertia", "joints.pos", "joints.axis", "geoms.pos", "geoms.size"), 3
    ),
    **dict.fromkeys(("sites.pos", "sites.size", "contacts.pos", "contacts.normal"), 3),
    **dict.fromkeys(("bodies.quat", "bodies.iquat", "geoms.quat", "geoms.rgba", "sites.quat", "contacts.quat"), 4),
    **dict.fromkeys(("joints.range", "tendons.range", "actuators.range", "servos.range"), 2),
    "servos.bias": 3,
    "actuators.gear": 6,
}
"""Arrays with more than one number for each part, and how many; those of a tendon are as many as there are positions."""
_DIRECTIONS = (
    "bodies.quat",
    "bodies.iquat",
    "geoms.quat",
    "sites.quat",
    "contacts.quat",
    "joints.axis",
    "contacts.normal",
)
_SHORTEST = 1e-6


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
    driven: NotRequired[list[str]]
    pulled: NotRequired[list[str]]


class RobotHeader(TypedDict):
    """The header of a robot's file."""

    version: int
    robot: RobotRecord
    shared_banks: NotRequired[dict[str, str]]
    checksum: NotRequired[str]


def read_header(
    path: Path, outer: JSON, version: int, groups: Mapping[str, type[Group]], optional: Sequence[str] = ()
) -> RobotHeader:
    """The header of a robot, in which the groups `optional` may be missing. Raises `FileFault` for any other.

    Call it before anything in the header is used.
    """
    listed = {group: each(text(), longest=10_000) for group in groups}
    names = record(
        {group: rule for group, rule in listed.items() if group not in optional},
        {group: listed[group] for group in optional},
        others=False,
    )
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
        dict.fromkeys(("driven", "pulled"), each(text(), longest=10_000)),
        others=False,
    )
    shared = {"shared_banks": mapping(text())}
    rule = record({"version": one_of(version), "robot": robot}, {**shared, "checksum": text()})
    return checked(path, "header", outer, rule, RobotHeader)


def check_arrays(
    path: Path,
    robot: RobotRecord,
    arrays: Mapping[str, Array],
    groups: Mapping[str, type[Group]],
    optional: Sequence[str] = (),
) -> None:
    """Raise `FileFault` unless `arrays` are the tables of `robot`, as its parts' names and its invariances say it.

    Groups that are `optional` and have no names have no tables.
    """
    names = robot["names"]
    groups = {group: kind for group, kind in groups.items() if group not in optional or group in names}
    for group, most in _MOST.items():
        if len(names.get(group, ())) > most:
            raise FileFault(f"{path} is damaged: it has {len(names[group])} {group}; at most {most} are read.")
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
    _check_shapes(path, arrays)
    for name, group in _INDICES.items():
        if name not in arrays:
            continue
        first = -1 if name in _OR_NONE else 0
        if arrays[name].dtype.kind != "i" or not _within(arrays[name], len(names[group]), first):
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
    parents = arrays["bodies.parent"]
    if (parents[:1] != 0).any() or (parents[1:] >= np.arange(1, len(parents))).any():
        raise FileFault(f"{path} is damaged: bodies.parent must name bodies that come before.")
    if not _within(arrays["geoms.type"], len(GeomType)):
        raise FileFault(f"{path} is damaged: geoms.type must hold MuJoCo's types of geoms.")
    for name in _DIRECTIONS:
        if (np.linalg.norm(arrays[name], axis=1) < _SHORTEST).any():
            raise FileFault(f"{path} is damaged: {name} must hold directions, which have a length.")
    if "paths" in names:
        _check_paths(path, arrays)
    _check_invariances(path, robot["invariances"], dict(zip(names["joints"], kinds, strict=True)))


def _check_shapes(path: Path, arrays: Mapping[str, Array]) -> None:
    """Raise `FileFault` unless each array has as many numbers for each part as it must have."""
    positions, velocities = arrays["qpos0"].shape, (len(arrays["dofs.joint"]),)
    wanted = {
        name: (_VECTORS[name],) if name in _VECTORS else () for name in arrays if not name.startswith("reset_banks.")
    }
    wanted |= {"tendons.coefficients": positions, "gravity": (), "qpos0": ()}
    wanted |= {
        name: size for name, size in (("servos.lengths", positions), ("servos.rates", velocities)) if name in arrays
    }
    wrong = [name for name, shape in wanted.items() if arrays[name].shape[1:] != shape]
    if not wrong and arrays["gravity"].shape != (3,):
        wrong = ["gravity"]
    sizes = {"qpos": positions, "qvel": velocities}
    wrong += [
        name for name in arrays if name.startswith("reset_banks.") and arrays[name].shape[1:] != sizes.get(name[-4:])
    ]
    if wrong:
        raise FileFault(f"{path} is damaged: {wrong[0]} has the shape {arrays[wrong[0]].shape}.")


def _check_paths(path: Path, arrays: Mapping[str, Array]) -> None:
    """Raise `FileFault` unless each row of a path is one thing, tendons follow one another, and geoms lie between two sites."""
    tendon, site, geom = (arrays[f"paths.{name}"] for name in ("tendon", "site", "geom"))
    divisor, kinds = arrays["paths.divisor"], arrays["geoms.type"]
    sites, geoms, pulleys = site >= 0, geom >= 0, divisor > 0
    single = (sites.astype(int) + geoms + pulleys == 1).all() and (np.diff(tendon) >= 0).all()
    between = np.flatnonzero(geoms)
    inner = not len(between) or (between.min() > 0 and between.max() < len(tendon) - 1)
    beside = [row + step for row in between for step in (-1, 1)] if inner else []
    same = [tendon[row] for row in between for _ in (-1, 1)] if inner else []
    round_ones = np.isin(kinds[geom[between]], (GeomType.SPHERE, GeomType.CYLINDER)).all()
    if not (single and inner and sites[beside].all() and (tendon[beside] == same).all() and round_ones):
        raise FileFault(
            f"{path} is damaged: paths must hold sites, pulleys, and spheres or cylinders between two sites."
        )


def _check_invariances(path: Path, invariances: InvariancesRecord, joints: Mapping[str, JointType]) -> None:
    """Raise `FileFault` unless invariances name joints that a robot has, and components that these joints have."""
    for item in invariances["translations"]:
        name, _, component = item.partition(".")
        kinds = {JointType.FREE: ("x", "y", "z"), JointType.SLIDE: ("",), JointType.HINGE: ("",)}
        if name not in joints or component not in kinds.get(joints[name], ()):
            raise FileFault(f"{path} is damaged: its invariances name {item!r}, which is not a position of the robot.")
    if invariances["yaw"] is not None and joints.get(invariances["yaw"]) not in (JointType.FREE, JointType.HINGE):
        raise FileFault(f"{path} is damaged: its invariances name {invariances['yaw']!r}, which has no heading.")


def _within(indices: Array, count: int, first: int = 0) -> bool:
    return not indices.size or (indices.min() >= first and indices.max() < count)
