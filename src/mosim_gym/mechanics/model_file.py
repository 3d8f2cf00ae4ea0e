"""Reads an MJCF or a URDF file as a `mujoco.MjModel`. Each fault of the file is one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mosim_gym.mechanics.compiling import log_warnings
from mosim_gym.mechanics.storage import FileFault

if TYPE_CHECKING:
    import mujoco

T = TypeVar("T")
PACKAGE = "package://"
UNNAMED = "MuJoCo Model"
"""What MuJoCo calls a model without a name."""

_MISSING = re.compile(r"Error opening file '(.*?)'")
_COMMENT, _URDF = re.compile(r"(?s)<!--.*?-->"), re.compile(r"^\s*(<\?.*?\?>\s*)?<robot\b")
_TRANSMISSION = re.compile(r"(?s)<transmission\b.*?</transmission>")
_JOINT_NAME = re.compile(r"<joint\s[^>]*?name\s*=\s*[\"'](.*?)[\"']")
_PART = re.compile(r"Unrecognized XML model type: 'mujocoinclude'")


class ModelFile(NamedTuple):
    """A compiled model, the name that its file gives it (or the file's own), and what was done to it, in sentences."""

    model: mujoco.MjModel
    name: str
    notes: tuple[str, ...]


def read_model(path: str | PathLike[str]) -> ModelFile:
    """Compile the MJCF or URDF file at `path`, with everything it includes. Raises `FileFault` where that cannot be done.

    MuJoCo finds included files and meshes from the file's folder and its `meshdir`. A URDF's `package://name/…` is looked for where a
    folder above the file, or one beside these, has the package's name. Joints and actuators without a name get one. URDF knows no
    actuators: each joint that has a `<transmission>`, or an effort limit where the file has no transmissions, gets a motor whose control is
    the joint's force, limited by the effort.
    """
    import mujoco

    path = _existing(Path(path))
    log_warnings()
    spec: mujoco.MjSpec = _said(path, lambda: mujoco.MjSpec.from_file(str(path.absolute())))
    notes: list[str] = []
    text = _COMMENT.sub("", path.read_text(encoding="utf-8", errors="replace"))
    if _URDF.search(text):
        _find_packages(path, spec)
        notes = _add_motors(text, spec)
    _add_names(spec)
    model: mujoco.MjModel = _said(path, spec.compile)
    return ModelFile(model, path.stem if spec.modelname in ("", UNNAMED) else spec.modelname, tuple(notes))


def _existing(path: Path) -> Path:
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in (".xml", ".urdf"))
        raise FileFault(
            f"{path} is a folder; name a robot's file. MJCF or URDF in it: {', '.join(inside) or '(none)'}."
        )
    if not path.is_file():
        raise FileFault(f"There is no robot file at {path}.")
    if path.suffix.lower() == ".xacro":
        raise FileFault(f"{path} is a template; make a URDF of it first, by `xacro {path.name} > {path.stem}`.")
    if path.suffix.lower() not in (".xml", ".urdf"):
        raise FileFault(f"{path} is not a robot file; a robot's file is MJCF (.xml) or URDF (.urdf, .xml).")
    return path


def _said(path: Path, read: Callable[[], T]) -> T:
    """What `read` returns. MuJoCo's errors become one sentence on the file at `path`."""
    import mujoco

    try:
        return read()
    except (ValueError, mujoco.FatalError) as error:
        text = str(error)
    missing, part = _MISSING.search(text), _PART.search(text)
    if part:
        raise FileFault(f"{path} is a part for other files to include; name the file that includes it.")
    if missing and "package:" in missing[1]:
        name = re.sub(r"^package:/+", PACKAGE, missing[1])
        raise FileFault(
            f"{path} reads {name}, and no folder above it or beside these has the package's name: "
            "put the file into its package, or write the mesh's path relative to the URDF file."
        )
    if missing:
        raise FileFault(
            f"{path} reads {missing[1]!r}, which is not there; paths are relative to the file's folder and its meshdir."
        )
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip()]
    raise FileFault(f"MuJoCo cannot read {path}: {'; '.join(lines)}.")


def _add_names(spec: mujoco.MjSpec) -> None:
    """Name joints and actuators that have no name: `root` the first free joint, `joint3`; an actuator after what it moves."""
    import mujoco

    taken = {joint.name for joint in spec.joints}
    for number, joint in enumerate(spec.joints):
        if not joint.name:
            free = joint.type == mujoco.mjtJoint.mjJNT_FREE and "root" not in taken
            joint.name = _unused("root" if free else f"joint{number}", taken)
    taken = {actuator.name for actuator in spec.actuators}
    for number, actuator in enumerate(spec.actuators):
        if not actuator.name:
            target = actuator.target
            actuator.name = _unused(target if target and target not in taken else f"actuator{number}", taken)


def _unused(name: str, taken: set[str]) -> str:
    """`name`, with underscores until it is not among `taken`, to which it is added."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _find_packages(path: Path, spec: mujoco.MjSpec) -> None:
    """Replace the packages among the meshes' paths by the folders that have their names; also `file://`."""
    for mesh in spec.meshes:
        if mesh.file.startswith("file://"):
            mesh.file = mesh.file.removeprefix("file://")
        if not mesh.file.startswith(PACKAGE):
            continue
        package, _, rest = mesh.file.removeprefix(PACKAGE).partition("/")
        above = path.resolve().parents
        places = [folder / rest for folder in above if folder.name == package]
        places += [folder / package / rest for folder in above]
        mesh.file = next((str(place) for place in places if place.is_file()), mesh.file)


def _add_motors(text: str, spec: mujoco.MjSpec) -> list[str]:
    """Motors for the actuated joints of a URDF, and what was done, in sentences."""
    import mujoco

    single = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
    followers = {equality.name1 for equality in spec.equalities if equality.type == mujoco.mjtEq.mjEQ_JOINT}
    joints = [joint for joint in spec.joints if joint.type in single and joint.name not in followers]
    named = {name for part in _TRANSMISSION.findall(text) for name in _JOINT_NAME.findall(part)}
    added: list[str] = []
    for joint in joints:
        low, high = (float(side) for side in joint.actfrcrange)
        if joint.name in named or (not named and low < high):
            motor = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
            motor.set_to_motor()
            motor.ctrlrange, motor.ctrllimited = (low, high), low < high
            added.append(joint.name)
    without = [joint.name for joint in joints if joint.name not in added]
    notes: list[str] = []
    if added:
        notes.append(
            f"URDF has no actuators, so each of these joints got a motor (its control is N m or N): {', '.join(added)}."
        )
    if without:
        notes.append(
            f"These joints have no motor, because the URDF has no effort limit or transmission for them: {', '.join(without)}."
        )
    return notes
