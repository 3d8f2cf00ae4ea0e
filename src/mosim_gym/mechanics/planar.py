"""Forward kinematics of mechanisms that turn about one common axis: two small matrix products, one for positions, one for velocities.

All hinges are parallel to `n`. So one absolute angle `θ = A q + θ₀` fixes a frame's rotation, and every point and every rotation
matrix is linear in `cos θ`, `sin θ` and the slides. With `ψ = (θ, θ - π/2)` and so `cos ψ = (cos θ, sin θ)`,

    positions  = b + q Mq + cos(ψ) Mψ
    velocities = q̇ Mq̇ + (-sin(ψ) ψ̇) Mψ̇
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics.linear_form import JointTree, LinearForm, skew
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.quantities import Quantity

Array = np.ndarray


@dataclass(frozen=True)
class PlanarAngles:
    """Common axis and, for each frame, its rotation at `qpos0` and its absolute angle as a linear form in `qpos`."""

    axis: Array  # (3,)
    rotation0: Array  # (F, 3, 3)
    slope: Array  # (F, nq); the same numbers act on qvel, because planar robots have nq = nv
    offset: Array  # (F,)


def planar_angles(tree: JointTree) -> PlanarAngles | None:
    """The angles of `tree`'s frames if all its hinges share an axis and its slides do not turn; else None."""
    robot = tree.robot
    kinds = set(robot.joints.type.tolist())
    if kinds - {JointType.HINGE, JointType.SLIDE}:
        return None
    count = len(tree.frames)
    rotation0 = np.tile(np.eye(3), (count, 1, 1))
    slope, offset = np.zeros((count, robot.nq)), np.zeros(count)
    axis = np.array([0.0, 1.0, 0.0])  # of a robot without hinges, where any will do
    for index, frame in enumerate(tree.frames):
        if frame.joint is None:
            continue
        rotation0[index] = rotation0[frame.parent] @ frame.before
        own = rotation0[index] @ robot.joints.axis[frame.joint]
        axis = own if not slope.any() else axis
        sign = float(np.sign(own @ axis))
        if not np.allclose(own, sign * axis, atol=1e-12):
            return None
        column = robot.joints.qpos_start[frame.joint]
        slope[index] = slope[frame.parent]
        slope[index, column] += sign
        offset[index] = offset[frame.parent] - sign * robot.qpos0[column]
    for slide in tree.slides:
        if slide.frame and not np.allclose(np.cross(rotation0[slide.frame] @ slide.axis, axis), 0, atol=1e-12):
            return None
    return PlanarAngles(axis, rotation0, slope, offset)


class PlanarKinematics:
    """Computes all rows of the wanted quantities at once, as the module's docstring says."""

    def __init__(self, tree: JointTree, angles: PlanarAngles, quantities: list[Quantity]) -> None:
        """Fold the constants of `quantities` into the two products' matrices (float64)."""
        self._tree, self._angles = tree, angles
        static = [q for q in quantities if not q.needs_velocity]
        moving = [q for q in quantities if q.needs_velocity]
        turning = list(range(1, len(tree.frames)))
        positions = [self._rows(q) for q in static]
        velocities = [self._rows(q) for q in moving]
        used = [
            f
            for f in turning
            if any(np.abs(block[0][[f - 1, f - 1 + len(turning)]]).any() for block in positions + velocities)
        ]
        keep = [f - 1 for f in used] + [f - 1 + len(turning) for f in used]
        self.slope = np.concatenate((angles.slope[used], angles.slope[used])).T  # (nq, 2F)
        self.offset = np.concatenate((angles.offset[used], angles.offset[used] - np.pi / 2))

        def gather(blocks: list[tuple[Array, Array, Array]], part: int, *leading: int) -> Array:
            return np.concatenate([np.zeros((*leading, 0)), *(block[part] for block in blocks)], axis=-1)

        self.position_angles = gather(positions, 0, 2 * len(turning))[keep]
        self.position_linear = gather(positions, 1, tree.robot.nq)
        self.position_bias = gather(positions, 2)
        self.velocity_angles = -gather(velocities, 0, 2 * len(turning))[keep]  # d cos θ / dt = -sin θ dθ/dt
        self.velocity_linear = gather(velocities, 1, tree.robot.nq)

    def constants(self) -> dict[str, Array]:
        """The arrays `__call__` needs, to be moved to a device and dtype."""
        return {
            "slope": self.slope,
            "offset": self.offset,
            "position_angles": self.position_angles,
            "position_linear": self.position_linear,
            "position_bias": self.position_bias,
            "velocity_angles": self.velocity_angles,
            "velocity_linear": self.velocity_linear,
        }

    @staticmethod
    def compute(k: dict[str, Tensor], qpos: Tensor, qvel: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """All position-like rows `(B, P)` and, with `qvel`, all velocity-like rows `(B, V)`, from `(B, nq)` and `(B, nv)`."""
        angle = torch.addmm(k["offset"], qpos, k["slope"])
        linear = torch.addmm(k["position_bias"], qpos, k["position_linear"])
        positions = torch.addmm(linear, torch.cos(angle), k["position_angles"])
        if qvel is None or not k["velocity_linear"].shape[1]:
            return positions, None
        rate = (qvel @ k["slope"]) * torch.sin(angle)
        return positions, torch.addmm(qvel @ k["velocity_linear"], rate, k["velocity_angles"])

    def _rows(self, quantity: Quantity) -> tuple[Array, Array, Array]:
        """Columns of one quantity: over `(cos θ, sin θ)` of all turning frames, over `qpos` (or `qvel`), and the constant."""
        tree, angles = self._tree, self._angles
        match quantity.kind:
            case "position" | "velocity":
                return self._point_rows(tree.linear_form(quantity))
            case "rotation":
                blocks: list[list[Array]] = []
                for frame, turn in tree.fixed_frames(quantity):
                    form = np.zeros((3, len(tree.frames), 3))
                    form[:, frame] = turn.T  # the axes, as vectors fixed in the frame
                    zero = np.zeros((3, 0))
                    columns = self._point_rows(LinearForm(form, zero[:, : len(tree.slides)], zero), slides=False)
                    blocks.append([c.reshape(*c.shape[:-1], 3, 3).swapaxes(-1, -2).reshape(c.shape) for c in columns])
                turning, linear, constant = (np.concatenate(part, axis=-1) for part in zip(*blocks, strict=True))
                return turning, linear, constant
            case "angular_velocity":
                frames = [frame for frame, _ in tree.fixed_frames(quantity)]
                linear = (angles.slope[frames].T[:, :, None] * angles.axis).reshape(tree.robot.nq, -1)
                return np.zeros((2 * (len(tree.frames) - 1), linear.shape[1])), linear, np.zeros(linear.shape[1])

    def _point_rows(self, form: LinearForm, slides: bool = True) -> tuple[Array, Array, Array]:
        tree, angles = self._tree, self._angles
        axis, robot = angles.axis, tree.robot
        world = np.einsum("fij,nfj->nfi", angles.rotation0, form.frames)  # c_f at θ = 0
        along = np.einsum("nfi,i,j->nfj", world, axis, axis)
        cosine, sine = world - along, world @ skew(axis).T
        turning = np.concatenate((cosine[:, 1:], sine[:, 1:]), axis=1)  # (n, 2F, 3)
        constant = along.sum(1) + cosine[:, 0]
        linear = np.zeros((len(world), robot.nq, 3))
        for index, slide in enumerate(tree.slides if slides else []):
            column = robot.joints.qpos_start[slide.joint]
            direction = angles.rotation0[slide.frame] @ slide.axis
            linear[:, column] += form.slides[:, index, None] * direction
            constant = constant - form.slides[:, index, None] * direction * robot.qpos0[column]

        def flat(block: Array) -> Array:
            return block.transpose(1, 0, 2).reshape(block.shape[1], 3 * len(world))

        return flat(turning), flat(linear), constant.reshape(-1)
