"""`Robot`: a frozen description of a mechanism. Everything but the simulator itself runs from it.

A `Robot` is compiled once from a `mujoco.MjModel` (`mechanics.compiling`), saved as plain arrays, and packaged. So kinematics, tasks and
learned models never import MuJoCo. Units are SI, angles are in radians, quaternions are `(w, x, y, z)`. Frames are MuJoCo's: positions and
rotations of bodies are relative to their parent at `qpos0`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np

from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.parts import (
    Actuators,
    Bodies,
    Contacts,
    Dofs,
    Geoms,
    Invariances,
    Joints,
    JointType,
    Paths,
    ResetBank,
    Sensors,
    Servos,
    Sites,
    Tendons,
    no_paths,
    no_servos,
)
from mosim_gym.mechanics.robot_record import GROUPS, OPTIONAL, fields_of, flattened, shared_banks
from mosim_gym.mechanics.robot_schema import RobotHeader, check_arrays, read_header
from mosim_gym.mechanics.seal import rounded
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays

Array = np.ndarray
FORMAT = 1


_APPEARANCE = {"geoms.rgba", "geoms.group"}


@dataclass(frozen=True, eq=False)
class Robot:
    """A frozen, simulator-free description of a robot (see the module's docstring)."""

    name: str
    bodies: Bodies
    joints: Joints
    dofs: Dofs
    geoms: Geoms
    sites: Sites
    contacts: Contacts
    tendons: Tendons
    actuators: Actuators
    sensors: Sensors
    qpos0: Array
    gravity: Array  # (3,) m/s²
    physics_step: float  # s
    substeps: int  # physics steps in one control step
    integrator: str  # "Euler", "RK4", "implicit", "implicitfast"
    contact_enabled: bool
    limit_enabled: bool
    density: float  # of the medium, kg/m³
    viscosity: float
    model_digest: str  # of the numbers of the MuJoCo model that are not kept here: friction, solver settings, …
    invariances: Invariances = field(default_factory=Invariances)
    reset_banks: Mapping[str, ResetBank] = field(default_factory=dict[str, ResetBank])
    driven: tuple[str, ...] = ()
    """The joint that each actuator drives, empty for one that drives something else. A description need not say it."""
    paths: Paths = field(default_factory=no_paths)
    """What spatial tendons run through. A description need not say it."""
    pulled: tuple[str, ...] = ()
    """The spatial tendon that each actuator pulls, empty for one that moves something else. A description need not say it."""
    servos: Servos = field(default_factory=no_servos)
    """Actuators whose force follows the state, as that of position control does. A description need not say it."""

    @classmethod
    def from_file(cls, path: str | PathLike[str], timestep: float | None = None, name: str | None = None) -> Robot:
        """The robot in an MJCF or URDF file, with its includes, defaults and meshes. MuJoCo reads the file; nothing later needs MuJoCo.

        - `timestep` is the control step (s), by default the file's physics step. Where it is a multiple of that step, a control step holds
          so many physics steps. Where it is not, as with logs of another rate, the physics step is taken to be `timestep` itself and the
          integrator to be `continuous`: the file's own step then says nothing about the motion, which no simulator makes.
        - `name` is by default what the file calls the robot, else the file's name.

        Meshes for looks are left out. Meshes that collide touch the ground by at most 32 points of their convex hull. Masses and inertias
        are those that MuJoCo compiles. Invariances are found, and confirmed by MuJoCo. What the description does not know is said in a
        `RobotFileNote`, one warning each. Raises `FileFault` for a file that cannot be read, and where `qpos`, `qvel` and the control do
        not determine the motion, as with muscles. `mosim-gym robot check` says all of it.
        """
        from mosim_gym.mechanics.robot_file import robot_from_file

        return robot_from_file(path, timestep, name)

    def __repr__(self) -> str:
        """The robot's name and sizes."""
        return f"Robot({self.name!r}, nq={self.nq}, nv={self.nv}, nu={self.nu}, control_step={self.control_step:g})"

    @property
    def nq(self) -> int:
        """Numbers in `qpos`."""
        return len(self.qpos0)

    @property
    def nv(self) -> int:
        """Numbers in `qvel`."""
        return len(self.dofs)

    @property
    def nu(self) -> int:
        """Actuators."""
        return len(self.actuators)

    @property
    def control_step(self) -> float:
        """Seconds in one step of an environment."""
        return self.physics_step * self.substeps

    def qpos_indices(self, joint: str) -> slice:
        """The slice of `qpos` that belongs to `joint`."""
        row = self.joints.index(joint)
        start = int(self.joints.qpos_start[row])
        return slice(start, start + JointType(self.joints.type[row]).qpos_size)

    def qvel_indices(self, joint: str) -> slice:
        """The slice of `qvel` that belongs to `joint`."""
        row = self.joints.index(joint)
        start = int(self.joints.dof_start[row])
        return slice(start, start + JointType(self.joints.type[row]).dof_size)

    @cached_property
    def quaternion_slices(self) -> tuple[slice, ...]:
        """The slices of `qpos` that hold the quaternions of free and ball joints."""
        shift = {JointType.FREE: 3, JointType.BALL: 0}
        pairs = zip(self.joints.type.tolist(), self.joints.qpos_start.tolist(), strict=True)
        starts = (start + shift[JointType(kind)] for kind, start in pairs if kind in shift)
        return tuple(slice(start, start + 4) for start in starts)

    @cached_property
    def translation_indices(self) -> tuple[int, ...]:
        """Entries of `qpos` on which the dynamics do not depend, by `invariances`."""
        indices: list[int] = []
        for item in self.invariances.translations:
            joint, _, component = item.partition(".")
            indices.append(self.qpos_indices(joint).start + ("xyz".index(component) if component else 0))
        return tuple(indices)

    @cached_property
    def control_range(self) -> tuple[Array, Array]:
        """The lowest and the highest control of each actuator, each `(nu,)`, float32; infinite for unlimited actuators."""
        limited = self.actuators.limited[:, None]
        low, high = np.where(limited, self.actuators.range, [-np.inf, np.inf]).astype(np.float32).T
        return low, high

    def controls(self, share: Array) -> Array:
        """Controls `(…, nu)` from shares of their ranges: -1 is the lowest control of an actuator, 0 its middle, 1 the highest."""
        low, high = self.control_range
        return (high + low) / 2 + (high - low) / 2 * share

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the mechanics: equal for two descriptions that move alike, whatever their colours and reset banks.

        Numbers enter rounded to eight significant digits, so that compilers and processors do not matter. Paths of tendons enter by
        `model_digest`.
        """
        digest = hashlib.sha256()
        header, arrays = flattened(self)
        header["names"] = {group: names for group, names in header["names"].items() if group not in OPTIONAL}
        kept = {key: value for key, value in header.items() if key not in ("name", "invariances", "driven", "pulled")}
        digest.update(json.dumps(kept, sort_keys=True).encode())
        for key in sorted(arrays):
            if key in _APPEARANCE or key.partition(".")[0] in ("reset_banks", *OPTIONAL):
                continue
            digest.update(f"{key}{rounded(arrays[key])}".encode())
        return digest.hexdigest()[:16]

    def _checksum(self) -> str:
        """The checksum of everything in the file, to the last bit. Files of version 0.1.0 have it in place of a seal."""
        header, arrays = flattened(self)
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
        for key in sorted(arrays):
            digest.update(key.encode() + np.ascontiguousarray(arrays[key]).tobytes())
        return digest.hexdigest()

    def save(self, path: str | Path) -> Path:
        """Write the description as one safetensors file (arrays and a JSON header), atomically. Equal reset banks are written once."""
        header, arrays = self.to_parts()
        return save_arrays(Path(path), "robot", arrays, header)

    def to_parts(self) -> tuple[RobotHeader, dict[str, Array]]:
        """The JSON header and the arrays that `save` writes, for a file that holds the description beside other things."""
        header, arrays = flattened(self)
        shared = shared_banks(self.reset_banks)
        for name in shared:
            del arrays[f"reset_banks.{name}.qpos"], arrays[f"reset_banks.{name}.qvel"]
        return {"version": FORMAT, "robot": header, "shared_banks": shared}, arrays

    @classmethod
    def load(cls, path: str | Path) -> Robot:
        """Read a file that `save` wrote. Raises `FileFault` for other files and for damaged ones."""
        path = Path(path)
        arrays, found = load_arrays(path, "robot")
        return cls.from_parts(path, found, arrays)

    @classmethod
    def from_parts(cls, path: Path, found: dict[str, JSON], arrays: dict[str, Array]) -> Robot:
        """The robot of a header and of arrays that `to_parts` gave and the file at `path` holds; raises `FileFault` for damaged ones."""
        if found.get("version") != FORMAT:
            raise FileFault(
                f"{path} has robot format {found.get('version')!r}, this version of mosim_gym reads {FORMAT}: "
                "build it again with `mosim-gym build-robot`."
            )
        outer = read_header(path, found, FORMAT, GROUPS, OPTIONAL)
        check_arrays(path, outer["robot"], arrays, GROUPS, OPTIONAL)
        try:
            for name, earlier in outer.get("shared_banks", {}).items():
                for part in ("qpos", "qvel"):
                    arrays[f"reset_banks.{name}.{part}"] = arrays[f"reset_banks.{earlier}.{part}"]
            robot = cls(**fields_of(outer["robot"], arrays))
        except (KeyError, TypeError) as error:
            raise FileFault(f"{path} is damaged: a part of it is missing ({error}).") from error
        if "checksum" in outer and robot._checksum() != outer["checksum"]:
            raise FileFault(f"{path} is damaged: its content does not match its checksum.")
        return robot
