"""`Robot`: a frozen description of a mechanism that everything but the simulator itself runs from.

A `Robot` is compiled once from an `mujoco.MjModel` (`mechanics.compiling`), saved as plain arrays, and packaged, so that
kinematics, tasks and learned models never import MuJoCo. Units are SI; angles are radians; quaternions are `(w, x, y, z)`;
frames are MuJoCo's: positions and rotations of bodies are relative to their parent at `qpos0`.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays

Array = np.ndarray
FORMAT = 1


class JointType(IntEnum):
    """How a joint moves its body; the numbers are MuJoCo's."""

    FREE = 0
    BALL = 1
    SLIDE = 2
    HINGE = 3

    @property
    def qpos_size(self) -> int:
        """Numbers in `qpos`."""
        return {JointType.FREE: 7, JointType.BALL: 4}.get(self, 1)

    @property
    def dof_size(self) -> int:
        """Numbers in `qvel`."""
        return {JointType.FREE: 6, JointType.BALL: 3}.get(self, 1)


class GeomType(IntEnum):
    """Shape of a geom; the numbers are MuJoCo's."""

    PLANE = 0
    HFIELD = 1
    SPHERE = 2
    CAPSULE = 3
    ELLIPSOID = 4
    CYLINDER = 5
    BOX = 6
    MESH = 7


class UnknownName(KeyError):
    """An unknown name: one sentence with the fault, the nearest valid name and the valid choices."""

    def __init__(self, kind: str, name: object, valid: Sequence[str]) -> None:
        """`kind` says what was looked for."""
        near = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        self.message = f"Unknown {kind} {name!r}.{hint} Valid: {', '.join(map(str, valid)) or '(none)'}."
        super().__init__(self.message)

    def __str__(self) -> str:
        """The sentence itself, where `KeyError` would quote it."""
        return self.message


def rounded(values: Array) -> str:
    """An array as text of eight significant digits, so that its identity does not hang on a compiler's last bit."""
    numbers = np.asarray(values)
    text = [f"{0.0 if abs(v) < 1e-12 else v:.8g}" for v in numbers.astype(float).ravel()]
    return f"{numbers.shape}{text}"


@dataclass(frozen=True, eq=False)
class Group:
    """Things of one sort, in MuJoCo's order; each field has one row for each name."""

    names: tuple[str, ...]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.names)

    @cached_property
    def _lookup(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names) if name}

    def index(self, name: str) -> int:
        """Row of `name`, or row 3 for `"#3"`, since things may have no name; others raise `KeyError` with the valid names."""
        if name.startswith("#") and name[1:].isdecimal() and int(name[1:]) < len(self):
            return int(name[1:])
        try:
            return self._lookup[name]
        except KeyError:
            raise UnknownName(type(self).__name__.lower().removesuffix("s"), name, list(self._lookup)) from None


@dataclass(frozen=True, eq=False)
class Bodies(Group):
    """The tree of rigid bodies; row 0 is the world."""

    parent: Array
    pos: Array  # (n, 3) origin in the parent's frame, m
    quat: Array  # (n, 4) orientation in the parent's frame
    ipos: Array  # (n, 3) centre of mass in the body's frame, m
    iquat: Array  # (n, 4) principal axes of inertia in the body's frame
    mass: Array  # (n,) kg
    inertia: Array  # (n, 3) principal moments, kg m²


@dataclass(frozen=True, eq=False)
class Joints(Group):
    """Joints in the order in which they move their bodies."""

    type: Array  # JointType
    body: Array
    qpos_start: Array
    dof_start: Array
    pos: Array  # (n, 3) anchor in the body's frame, m
    axis: Array  # (n, 3) unit axis in the body's frame
    limited: Array  # bool
    range: Array  # (n, 2) rad or m
    stiffness: Array  # N m / rad or N / m


@dataclass(frozen=True, eq=False)
class Dofs(Group):
    """Degrees of freedom, the entries of `qvel`; named after their joint, with a suffix for joints of several."""

    joint: Array
    body: Array
    damping: Array
    armature: Array


@dataclass(frozen=True, eq=False)
class Geoms(Group):
    """Shapes fixed in bodies."""

    type: Array  # GeomType
    body: Array
    pos: Array  # (n, 3) in the body's frame
    quat: Array  # (n, 4)
    size: Array  # (n, 3) as in MuJoCo: radius, half lengths
    contype: Array
    conaffinity: Array
    rgba: Array  # (n, 4)
    group: Array


@dataclass(frozen=True, eq=False)
class Sites(Group):
    """Points of interest fixed in bodies."""

    type: Array
    body: Array
    pos: Array
    quat: Array
    size: Array


@dataclass(frozen=True, eq=False)
class Contacts(Group):
    """Each pair of a point that can touch and a static plane it can touch.

    Capsules give their two end points with the capsule's radius, spheres their centre, boxes their eight corners; any other
    shape is stood in for by its bounding sphere. The plane is `normal · x = offset` in the world.
    """

    body: Array
    pos: Array  # (n, 3) in the body's frame
    quat: Array  # identity, so that a contact can be asked for like a site
    radius: Array
    geom: Array
    plane: Array  # index of the plane's geom
    normal: Array  # (n, 3)
    offset: Array


@dataclass(frozen=True, eq=False)
class Tendons(Group):
    """Fixed tendons, length = coefficients · qpos; spatial tendons have a zero row and `spatial` set."""

    coefficients: Array  # (n, nq)
    limited: Array
    range: Array
    spatial: Array


@dataclass(frozen=True, eq=False)
class Actuators(Group):
    """Actuators; a control outside `range` is clipped to it."""

    limited: Array
    range: Array  # (n, 2)
    gear: Array  # (n, 6)


@dataclass(frozen=True, eq=False)
class Sensors(Group):
    """The model's sensors; a row may span several numbers of the sensor data."""

    type: Array
    start: Array
    size: Array


@dataclass(frozen=True)
class Invariances:
    """Motions of the whole robot that change nothing about how it moves.

    `translations` are joints, or `joint.x|y|z` for a free one, whose position the dynamics do not depend on; `yaw` is the free joint
    (or a planar robot's hinge about gravity) whose heading they do not depend on.
    """

    translations: tuple[str, ...] = ()
    yaw: str | None = None


@dataclass(frozen=True, eq=False)
class ResetBank:
    """States in which the true task starts its episodes: `qpos (N, nq)`, `qvel (N, nv)`, float32."""

    qpos: Array
    qvel: Array


_GROUPS: dict[str, type[Group]] = {
    "bodies": Bodies,
    "joints": Joints,
    "dofs": Dofs,
    "geoms": Geoms,
    "sites": Sites,
    "contacts": Contacts,
    "tendons": Tendons,
    "actuators": Actuators,
    "sensors": Sensors,
}
_SCALARS = (
    "name", "physics_step", "substeps", "integrator", "contact_enabled", "limit_enabled", "density", "viscosity", "model_digest",
)  # fmt: skip
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
    reset_banks: Mapping[str, ResetBank] = field(default_factory=dict)

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
        """Where `joint` stands in `qpos`."""
        row = self.joints.index(joint)
        start = int(self.joints.qpos_start[row])
        return slice(start, start + JointType(self.joints.type[row]).qpos_size)

    def qvel_indices(self, joint: str) -> slice:
        """Where `joint` stands in `qvel`."""
        row = self.joints.index(joint)
        start = int(self.joints.dof_start[row])
        return slice(start, start + JointType(self.joints.type[row]).dof_size)

    @cached_property
    def quaternion_starts(self) -> tuple[int, ...]:
        """Where in `qpos` the quaternions of free and ball joints begin."""
        shift = {JointType.FREE: 3, JointType.BALL: 0}
        pairs = zip(self.joints.type.tolist(), self.joints.qpos_start.tolist(), strict=True)
        return tuple(start + shift[JointType(kind)] for kind, start in pairs if kind in shift)

    @cached_property
    def translation_indices(self) -> tuple[int, ...]:
        """Entries of `qpos` that the dynamics are declared not to depend on."""
        indices = []
        for item in self.invariances.translations:
            joint, _, component = item.partition(".")
            indices.append(self.qpos_indices(joint).start + ("xyz".index(component) if component else 0))
        return tuple(indices)

    @cached_property
    def control_range(self) -> tuple[Array, Array]:
        """Lowest and highest control of each actuator, float32; unlimited ones are infinite."""
        limited = self.actuators.limited[:, None]
        low, high = np.where(limited, self.actuators.range, [-np.inf, np.inf]).astype(np.float32).T
        return low, high

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the mechanics: equal for two descriptions that move alike, whatever their colours and reset banks.

        Numbers enter rounded to eight significant digits, so that compilers and processors do not matter.
        """
        digest = hashlib.sha256()
        header, arrays = self._flatten()
        kept = {key: value for key, value in header.items() if key not in ("name", "invariances")}
        digest.update(json.dumps(kept, sort_keys=True).encode())
        for key in sorted(arrays):
            if key in _APPEARANCE or key.startswith("reset_banks."):
                continue
            digest.update(f"{key}{rounded(arrays[key])}".encode())
        return digest.hexdigest()[:16]

    def _checksum(self) -> str:
        """Of everything in the file, to the last bit."""
        header, arrays = self._flatten()
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
        for key in sorted(arrays):
            digest.update(key.encode() + np.ascontiguousarray(arrays[key]).tobytes())
        return digest.hexdigest()

    def _flatten(self) -> tuple[dict[str, Any], dict[str, Array]]:
        header: dict[str, Any] = {key: getattr(self, key) for key in _SCALARS}
        header["invariances"] = dataclasses.asdict(self.invariances)
        header["names"] = {group: list(getattr(self, group).names) for group in _GROUPS}
        arrays: dict[str, Array] = {"qpos0": self.qpos0, "gravity": self.gravity}
        for group, kind in _GROUPS.items():
            for item in dataclasses.fields(kind):
                if item.name != "names":
                    arrays[f"{group}.{item.name}"] = getattr(getattr(self, group), item.name)
        for name, bank in self.reset_banks.items():
            arrays[f"reset_banks.{name}.qpos"] = bank.qpos
            arrays[f"reset_banks.{name}.qvel"] = bank.qvel
        return header, arrays

    def save(self, path: str | Path) -> Path:
        """Write the description as one safetensors file (arrays and a JSON header), atomically."""
        header, arrays = self._flatten()
        outer = {"version": FORMAT, "checksum": self._checksum(), "robot": header}
        return save_arrays(Path(path), "robot", arrays, outer)

    @classmethod
    def load(cls, path: str | Path) -> Robot:
        """Read what `save` wrote; raises `FileFault` for anything else, and for a file that is not whole."""
        arrays, outer = load_arrays(Path(path), "robot")
        if outer.get("version") != FORMAT:
            raise FileFault(
                f"{path} has robot format {outer.get('version')}, this version of mosim_gym reads {FORMAT}: "
                "build it again with `mosim-gym build-robot`."
            )
        try:
            robot = cls._unflatten(outer["robot"], arrays)
        except (KeyError, TypeError) as error:
            raise FileFault(f"{path} is damaged: a part of it is missing ({error}).") from error
        if robot._checksum() != outer.get("checksum"):
            raise FileFault(f"{path} is damaged: its content does not match its checksum.")
        return robot

    @classmethod
    def _unflatten(cls, header: dict[str, Any], arrays: dict[str, Array]) -> Robot:
        for array in arrays.values():
            array.setflags(write=False)  # a loaded robot is shared by all who ask for it
        groups: dict[str, Any] = {
            group: kind(
                names=tuple(header["names"][group]),
                **{f.name: arrays[f"{group}.{f.name}"] for f in dataclasses.fields(kind) if f.name != "names"},
            )
            for group, kind in _GROUPS.items()
        }
        banks = sorted({key.split(".")[1] for key in arrays if key.startswith("reset_banks.")})
        invariances = Invariances(tuple(header["invariances"]["translations"]), header["invariances"]["yaw"])
        return cls(
            **{key: header[key] for key in _SCALARS},
            **groups,
            qpos0=arrays["qpos0"],
            gravity=arrays["gravity"],
            invariances=invariances,
            reset_banks={b: ResetBank(arrays[f"reset_banks.{b}.qpos"], arrays[f"reset_banks.{b}.qvel"]) for b in banks},
        )
