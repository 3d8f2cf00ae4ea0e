"""A robot as a record and named arrays, as its file holds it, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mosim_gym.mechanics.parts import (
    Actuators,
    Bodies,
    Contacts,
    Dofs,
    Geoms,
    Group,
    Invariances,
    Joints,
    Paths,
    ResetBank,
    Sensors,
    Servos,
    Sites,
    Tendons,
    no_paths,
    no_servos,
)
from mosim_gym.mechanics.robot_schema import RobotRecord

if TYPE_CHECKING:
    from mosim_gym.mechanics.robot import Robot

Array = np.ndarray
G = TypeVar("G", bound=Group)

GROUPS: dict[str, type[Group]] = {
    "bodies": Bodies,
    "joints": Joints,
    "dofs": Dofs,
    "geoms": Geoms,
    "sites": Sites,
    "contacts": Contacts,
    "tendons": Tendons,
    "actuators": Actuators,
    "sensors": Sensors,
    "paths": Paths,
    "servos": Servos,
}
OPTIONAL = ("paths", "servos")
"""Groups that a file leaves out where they are empty."""


def flattened(robot: Robot) -> tuple[RobotRecord, dict[str, Array]]:
    """All of a robot that is no array, and its arrays by name."""
    kinds = {group: kind for group, kind in GROUPS.items() if group not in OPTIONAL or len(getattr(robot, group))}
    header: RobotRecord = {
        "name": robot.name,
        "physics_step": robot.physics_step,
        "substeps": robot.substeps,
        "integrator": robot.integrator,
        "contact_enabled": robot.contact_enabled,
        "limit_enabled": robot.limit_enabled,
        "density": robot.density,
        "viscosity": robot.viscosity,
        "model_digest": robot.model_digest,
        "invariances": {"translations": list(robot.invariances.translations), "yaw": robot.invariances.yaw},
        "names": {group: list(getattr(robot, group).names) for group in kinds},
    }
    if any(robot.driven):
        header["driven"] = list(robot.driven)
    if any(robot.pulled):
        header["pulled"] = list(robot.pulled)
    arrays: dict[str, Array] = {"qpos0": robot.qpos0, "gravity": robot.gravity}
    for group, kind in kinds.items():
        for item in dataclasses.fields(kind):
            if item.name != "names":
                arrays[f"{group}.{item.name}"] = getattr(getattr(robot, group), item.name)
    for name, bank in robot.reset_banks.items():
        arrays[f"reset_banks.{name}.qpos"] = bank.qpos
        arrays[f"reset_banks.{name}.qvel"] = bank.qvel
    return header, arrays


def shared_banks(banks: Mapping[str, ResetBank]) -> dict[str, str]:
    """The name of the earlier reset bank, for each reset bank that equals an earlier one."""
    shared: dict[str, str] = {}
    for name, bank in banks.items():
        for earlier in (other for other in banks if other not in shared):
            if earlier == name:
                break
            theirs = banks[earlier]
            if np.array_equal(bank.qpos, theirs.qpos) and np.array_equal(bank.qvel, theirs.qvel):
                shared[name] = earlier
                break
    return shared


def fields_of(header: RobotRecord, arrays: dict[str, Array]) -> dict[str, Any]:
    """The arguments of `Robot`: the inverse of `flattened`."""
    for array in arrays.values():
        array.setflags(write=False)  # a loaded robot is shared by all who ask for it

    def table(group: str, kind: type[G]) -> G:
        columns = [f.name for f in dataclasses.fields(kind) if f.name != "names"]
        return kind(tuple(header["names"][group]), **{name: arrays[f"{group}.{name}"] for name in columns})

    banks = sorted({key.split(".")[1] for key in arrays if key.startswith("reset_banks.")})
    invariances = Invariances(tuple(header["invariances"]["translations"]), header["invariances"]["yaw"])
    return {
        "name": header["name"],
        "bodies": table("bodies", Bodies),
        "joints": table("joints", Joints),
        "dofs": table("dofs", Dofs),
        "geoms": table("geoms", Geoms),
        "sites": table("sites", Sites),
        "contacts": table("contacts", Contacts),
        "tendons": table("tendons", Tendons),
        "actuators": table("actuators", Actuators),
        "sensors": table("sensors", Sensors),
        "physics_step": header["physics_step"],
        "substeps": header["substeps"],
        "integrator": header["integrator"],
        "contact_enabled": header["contact_enabled"],
        "limit_enabled": header["limit_enabled"],
        "density": header["density"],
        "viscosity": header["viscosity"],
        "model_digest": header["model_digest"],
        "qpos0": arrays["qpos0"],
        "gravity": arrays["gravity"],
        "invariances": invariances,
        "driven": tuple(header.get("driven", ())),
        "paths": table("paths", Paths) if "paths" in header["names"] else no_paths(),
        "pulled": tuple(header.get("pulled", ())),
        "servos": table("servos", Servos) if "servos" in header["names"] else no_servos(),
        "reset_banks": {b: ResetBank(arrays[f"reset_banks.{b}.qpos"], arrays[f"reset_banks.{b}.qvel"]) for b in banks},
    }
