"""`checked_file`: what the description of a robot file knows and does not know, before anything is learned."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.colliding import is_static, may_collide
from mosim_gym.mechanics.contact_points import surface_points
from mosim_gym.mechanics.findings import Finding, Severity, listed, model_findings, obstacles
from mosim_gym.mechanics.model_file import ModelFile, read_model
from mosim_gym.mechanics.pair_search import proposed_pairs
from mosim_gym.mechanics.pairs import Pair
from mosim_gym.mechanics.parts import GeomType, JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.robot_file import MEASURED, described, drawn_meshes

if TYPE_CHECKING:
    import mujoco


@dataclass(frozen=True)
class RobotCheck:
    """What is known of a robot file: its description (None where it has none), pairs to propose, and findings, obstacles first."""

    path: Path
    robot: Robot | None
    pairs: tuple[Pair, ...]
    findings: tuple[Finding, ...]

    @property
    def learnable(self) -> bool:
        """Whether the motion can be learned."""
        return self.robot is not None and not obstacles(self.findings)

    def __str__(self) -> str:
        """All of it as lines of text."""
        parts = [str(self.path), *([] if self.robot is None else _robot_lines(self.robot, self.pairs))]
        parts += [f"{finding.severity.value}: {finding.sentence}" for finding in self.findings]
        verdict = "can be learned" if self.learnable else "cannot be learned"
        return "\n".join([*parts, f"The motion {verdict} from qpos, qvel and the control."])


def checked_file(path: str | PathLike[str], timestep: float | None = None) -> RobotCheck:
    """Check the MJCF or URDF file at `path` for control steps of `timestep` s; raises `FileFault` for a file that cannot be read."""
    found = read_model(path)
    findings = model_findings(found.model)
    if not found.model.nv or found.model.nu != found.model.nactuator:
        return RobotCheck(Path(path), None, (), tuple(findings))
    robot = described(found, timestep)
    dropped = drawn_meshes(found.model)
    kept = np.flatnonzero(~dropped)
    pairs = proposed_pairs(robot, may_collide(found.model)[np.ix_(kept, kept)])
    findings += _said_of_file(found, robot, dropped)
    return RobotCheck(Path(path), robot, pairs, tuple(findings))


def _said_of_file(found: ModelFile, robot: Robot, dropped: np.ndarray) -> list[Finding]:
    """What was done to the file's content."""
    model, said = found.model, [Finding(Severity.FINE, "URDF", note) for note in found.notes]
    if dropped.any():
        said.append(
            Finding(
                Severity.FINE,
                "looks",
                f"{int(dropped.sum())} meshes for looks are left out; masses and inertias stay as compiled.",
            )
        )
    said += _said_of_shapes(model)
    if robot.integrator == MEASURED:
        step = float(model.opt.timestep)
        said.append(
            Finding(
                Severity.FINE,
                "control step",
                f"The control step of {robot.control_step:g} s is no multiple of the file's physics step ({step:g} s), which is not used.",
            )
        )
    return said


def _said_of_shapes(model: mujoco.MjModel) -> list[Finding]:
    """How far shapes that touch the ground by some of their points reach beyond these points."""
    planes = is_static(model) & (model.geom_type == GeomType.PLANE)
    rows = np.flatnonzero(may_collide(model)[:, planes].any(axis=1) & ~is_static(model))
    points, missed = surface_points(model, rows.tolist())
    if not points:
        return []
    hulls = f"; convex hulls of meshes reach up to {1e3 * missed:.1f} mm farther" if missed else ""
    most = max(len(found) for found in points.values())
    said = f"Meshes, cylinders and ellipsoids touch the ground by at most {most} points each{hulls}."
    return [Finding(Severity.FINE, "contact points", said)]


def _robot_lines(robot: Robot, pairs: tuple[Pair, ...]) -> list[str]:
    """Bodies, joints, actuators, steps, contacts, pairs and invariances of a robot."""
    joints, actuators, moved = robot.joints, robot.actuators, robot.invariances
    names = [name or f"body{row}" for row, name in enumerate(robot.bodies.names)][1:]
    lines = [
        f"robot {robot.name}: nq {robot.nq}, nv {robot.nv}, nu {robot.nu}; mass {robot.bodies.mass[1:].sum():.3g} kg",
        f"control step {robot.control_step:g} s = {robot.substeps} × {robot.physics_step:g} s, {robot.integrator}",
        f"bodies ({len(names)}): {', '.join(names)}",
        f"joints ({len(joints)}):",
    ]
    lines += [f"  {name} {_joint_range(robot, row)}" for row, name in enumerate(joints.names)]
    lines.append(f"actuators ({len(actuators)}):")
    for row, name in enumerate(actuators.names):
        low, high = actuators.range[row]
        lines.append(f"  {name}: {f'{low:g} to {high:g}' if actuators.limited[row] else 'no range'}")
    touching = listed(dict.fromkeys(name.rpartition("/")[0] for name in robot.contacts.names))
    lines.append(f"contact points ({len(robot.contacts)})" + (f": on {touching}" if touching else ""))
    lines.append(f"pairs of moving shapes to name in MoSimConfig.pairs ({len(pairs)})" + (":" if pairs else ""))
    lines += [f"  {first} – {second}" for first, second in pairs]
    lines.append(
        f"motion does not depend on: {', '.join(moved.translations) or 'no position'}; "
        + (f"heading of {moved.yaw}" if moved.yaw else "no heading")
    )
    return lines


def _joint_range(robot: Robot, row: int) -> str:
    """The kind of a joint, and its range."""
    kind, (low, high) = JointType(robot.joints.type[row]), robot.joints.range[row]
    if kind in (JointType.FREE, JointType.BALL):
        return f"({kind.name.lower()})"
    limits = f"{low:g} to {high:g} {'m' if kind == JointType.SLIDE else 'rad'}"
    return f"({kind.name.lower()}): {limits if robot.joints.limited[row] else 'no limits'}"
