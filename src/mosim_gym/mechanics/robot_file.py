"""`robot_from_file`: describes the robot in an MJCF or URDF file, with no package and no build step."""

from __future__ import annotations

import dataclasses
import re
import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.mechanics.findings import Severity, model_findings, obstacles
from mosim_gym.mechanics.invariance_search import found_invariances
from mosim_gym.mechanics.model_file import ModelFile, read_model
from mosim_gym.mechanics.numbers import is_finite
from mosim_gym.mechanics.parts import Geoms, GeomType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.storage import FileFault

if TYPE_CHECKING:
    import mujoco

NAME = re.compile(r"[a-z0-9_]{1,60}")
SAME = 1e-9  # s
LONGEST = 100.0  # s
MEASURED = "continuous"
"""The integrator of a robot whose control step is no multiple of the file's physics step: time goes on as it does for a machine."""


class RobotFileNote(UserWarning):
    """What a robot's description does not know of its file, and what that means for learning."""


def robot_from_file(path: str | PathLike[str], timestep: float | None = None, name: str | None = None) -> Robot:
    """See `Robot.from_file`."""
    if not isinstance(path, str | PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
        raise TypeError(f"path is {path!r}; it must be the path of an MJCF or URDF file.")
    found = read_model(path)
    findings = model_findings(found.model)
    hidden = obstacles(findings)
    if hidden:
        raise FileFault(f"{Path(path)} cannot be learned: {hidden[0].sentence}")
    for finding in findings:
        if finding.severity is Severity.NOTE:
            warnings.warn(f"{Path(path).name}: {finding.sentence}", RobotFileNote, stacklevel=3)
    return described(found, timestep, name)


def described(found: ModelFile, timestep: float | None = None, name: str | None = None) -> Robot:
    """The robot of a file that was read."""
    model = found.model
    step, substeps, dividing = control_step(float(model.opt.timestep), timestep)
    robot = compile_robot(
        model,
        name=robot_name(found.name, name),
        substeps=substeps,
        invariances=found_invariances(model),
        fine=True,
    )
    robot = without_looks(robot, drawn_meshes(model))
    return dataclasses.replace(robot, physics_step=step, integrator=robot.integrator if dividing else MEASURED)


def at_timestep(robot: Robot, timestep: float) -> Robot:
    """The robot of a file, which has control steps of the file's physics step, with control steps of `timestep` seconds."""
    step, substeps, dividing = control_step(robot.physics_step, timestep)
    integrator = robot.integrator if dividing else MEASURED
    return dataclasses.replace(robot, physics_step=step, substeps=substeps, integrator=integrator)


def robot_name(found: str, given: str | None = None) -> str:
    """The name of a robot: `given`, or else what the file calls it, in the letters that a name may have."""
    if given is None:
        return re.sub(r"[^a-z0-9_]+", "_", found.lower()).strip("_")[:60] or "robot"
    if not NAME.fullmatch(given):
        raise ValueError(f"{given!r} cannot be a robot's name; use lower-case letters, digits and '_', as in my_arm.")
    return given


def control_step(physics_step: float, timestep: float | None) -> tuple[float, int, bool]:
    """The physics step (s), how many are in a control step, and whether the file's own physics step divides `timestep`."""
    if timestep is None:
        return physics_step, 1, True
    if not is_finite(timestep) or not 0 < timestep <= LONGEST:
        raise ValueError(
            f"timestep is {timestep!r}; it must be the control step in s, above 0 and at most {LONGEST:g}."
        )
    substeps = round(timestep / physics_step)
    if substeps >= 1 and abs(substeps * physics_step - timestep) <= SAME:
        return physics_step, substeps, True
    return float(timestep), 1, False


def drawn_meshes(model: mujoco.MjModel) -> np.ndarray:
    """`(ngeom,)`: whether a geom is a mesh that is there for its looks alone."""
    paired = np.zeros(model.ngeom, bool)
    paired[np.concatenate((model.pair_geom1, model.pair_geom2))] = True
    return (model.geom_type == GeomType.MESH) & (model.geom_contype == 0) & (model.geom_conaffinity == 0) & ~paired


def without_looks(robot: Robot, dropped: np.ndarray) -> Robot:
    """`robot` without the geoms `dropped (geoms,)`. Masses and inertias are those of its bodies, and stay."""
    kept = np.flatnonzero(~dropped)
    if len(kept) == len(robot.geoms):
        return robot
    columns = {
        field.name: getattr(robot.geoms, field.name)[kept]
        for field in dataclasses.fields(Geoms)
        if field.name != "names"
    }
    place = np.cumsum(~dropped) - 1
    contacts = dataclasses.replace(
        robot.contacts,
        geom=place[robot.contacts.geom].astype(np.int32),
        plane=place[robot.contacts.plane].astype(np.int32),
    )
    wrapped = robot.paths.geom
    paths = dataclasses.replace(robot.paths, geom=np.where(wrapped < 0, -1, place[wrapped]).astype(np.int32))
    names = tuple(robot.geoms.names[row] for row in kept)
    return dataclasses.replace(robot, geoms=Geoms(names, **columns), contacts=contacts, paths=paths)
