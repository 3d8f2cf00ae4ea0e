"""`RigidBodies`: the equations of motion of a robot without contact, friction and drives, from the masses in its description.

    M(q) q̈ + c(q, q̇) = f

M is the inertia with that of rotors (armature), c holds Coriolis, centrifugal and gravity forces, and f all other forces. The Jacobian J is
that of all bodies' velocities: of centres of mass, and angular ones in principal axes. With masses and moments W and gravity g,

    M = Jᵀ W J + armature,      c = Jᵀ [W (J̇ q̇ - g) + ω × I ω]

Both equal MuJoCo's, `mj_mulM` and `qfrc_bias`. All is batch-first and differentiable, and needs no MuJoCo.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.linear_form import JointTree, matrix, skew
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.rotations import normalize, to_matrix
from mosim_gym.mechanics.typed_torch import solved

Array = np.ndarray


class RigidBodies(nn.Module):
    """Inertia and bias of `robot` at any states. P points are the centres of mass of B bodies, then the anchor of each of nv joint axes."""

    _between: Tensor  # (F, 3, 3): each rotating frame in its parent before the joint turns
    _skews: Tensor  # (F, 3, 3): [a]× of hinges
    _points: Tensor  # (3 (F + 1), P): in all frames, the world in front
    _along: Tensor  # (P, S): in slides
    _beside: Tensor  # (P, J): in free joints
    _slide_axes: Tensor  # (S, 3), in their frames
    _slide_frames: Tensor  # (S,)
    _axes: Tensor  # (nv, 3), in their frames
    _axis_frames: Tensor  # (nv,)
    _turns: Tensor  # (nv, 1): whether a degree of freedom turns; else it slides
    _moved: Tensor  # (P, nv, 1): whether it moves a point
    _before: Tensor  # (nv, nv): whether it turns the axis of another one
    _principal: Tensor  # (B, 3, 3): from principal axes to a body's frame
    _body_frames: Tensor  # (B,)
    _weights: Tensor  # (B, 1, 6): mass and moments
    _armature: Tensor  # (nv, nv)
    _gravity: Tensor  # (3,)

    def __init__(self, robot: Robot) -> None:
        """Work out all constants once."""
        super().__init__()
        tree, joints, bodies, dofs = JointTree(robot), robot.joints, robot.bodies, robot.dofs
        rows, moving = dofs.joint, np.arange(1, len(bodies))
        axes, frames, turns = _axes(robot, tree)
        above = _above(robot)
        before = _earlier(robot, above)[rows][:, rows]
        carried = before | ((rows[:, None] == rows) & turns & ~turns.T)  # a free joint's anchor moves with itself
        centres = tree.points(moving, bodies.ipos[moving])
        points, along, beside = (
            np.concatenate((part, anchor[rows])) for part, anchor in zip(centres.parts, tree.anchors.parts, strict=True)
        )
        hinges = [frame for frame in tree.frames if frame.joint is not None]
        self._turning = [(f.parent, *_place(robot, f.joint)) for f in hinges if f.joint is not None]
        self._sliding = [_place(robot, slide.joint)[1:] for slide in tree.slides]
        self._free = [int(joints.qpos_start[joint]) for joint in tree.free_joints]
        floats = {
            "_between": [frame.before for frame in hinges],
            "_skews": [skew(joints.axis[frame.joint]) for frame in hinges],
            "_points": points.reshape(len(points), -1).T,
            "_along": along,
            "_beside": beside,
            "_slide_axes": [slide.axis for slide in tree.slides],
            "_axes": axes,
            "_turns": turns,
            "_moved": np.concatenate((above[moving][:, rows], carried))[..., None],
            "_before": before,
            "_principal": [tree.body_rotation[body] @ matrix(bodies.iquat[body]) for body in moving],
            "_weights": np.concatenate((np.tile(bodies.mass[moving, None], 3), bodies.inertia[moving]), axis=1)[
                :, None
            ],
            "_armature": np.diag(dofs.armature),
            "_gravity": robot.gravity,
        }
        indices = {
            "_slide_frames": [slide.frame for slide in tree.slides],
            "_axis_frames": frames,
            "_body_frames": tree.body_frame[moving],
        }
        for name, values in floats.items():
            self.register_buffer(name, torch.as_tensor(np.array(values, np.float32)), persistent=False)
        for name, values in indices.items():
            self.register_buffer(name, torch.as_tensor(np.array(values, np.int64)), persistent=False)

    def forward(self, qpos: Tensor, qvel: Tensor) -> tuple[Tensor, Tensor]:
        """M `(…, nv, nv)` and c `(…, nv)` at `qpos (…, nq)`, `qvel (…, nv)`."""
        frames = self._rotations(qpos)
        points = self._positions(qpos, frames)
        count, speed = len(self._weights), qvel.unsqueeze(-1)
        axes = (frames.index_select(-3, self._axis_frames) @ self._axes.unsqueeze(-1)).squeeze(-1)
        turned = torch.cross(self._before @ (self._turns * axes * speed), axes, dim=-1)  # rates of the axes

        arms = points.unsqueeze(-2) - points[..., count:, :].unsqueeze(-3)  # (…, P, nv, 3)
        along = axes.unsqueeze(-3).expand_as(arms)
        linear = self._moved * torch.lerp(along, torch.cross(along, arms, dim=-1), self._turns)
        velocity = (linear * speed.unsqueeze(-3)).sum(-2)
        apart = velocity[..., :count, :].unsqueeze(-2) - velocity[..., count:, :].unsqueeze(-3)
        arms, along, moved = arms[..., :count, :, :], along[..., :count, :, :], self._moved[:count]
        rates = turned.unsqueeze(-3).expand_as(arms)
        bent = torch.cross(rates, arms, dim=-1) + torch.cross(along, apart, dim=-1)
        pulled = (moved * torch.lerp(rates, bent, self._turns) * speed.unsqueeze(-3)).sum(-2)

        principal = frames.index_select(-3, self._body_frames) @ self._principal
        angular = (moved * self._turns * along) @ principal
        spin = (angular * speed.unsqueeze(-3)).sum(-2)
        spun = ((moved * self._turns * rates) @ principal * speed.unsqueeze(-3)).sum(-2)
        weights = self._weights.squeeze(-2)
        gyration = torch.cross(spin, weights[:, 3:] * spin, dim=-1)
        force = weights * torch.cat((pulled - self._gravity, spun), dim=-1)
        force = force + torch.cat((torch.zeros_like(gyration), gyration), dim=-1)
        both = torch.cat((linear[..., :count, :, :], angular), dim=-1)
        jacobian = both.transpose(-3, -2).flatten(-2)  # (…, nv, 6 B)
        inertia = (both * self._weights).transpose(-3, -2).flatten(-2) @ jacobian.mT + self._armature
        return inertia, (jacobian @ force.flatten(-2).unsqueeze(-1)).squeeze(-1)

    def acceleration(self, qpos: Tensor, qvel: Tensor, force: Tensor) -> Tensor:
        """q̈ `(…, nv)` under the other forces `force (…, nv)`."""
        inertia, bias = self(qpos, qvel)
        return solved(inertia, force - bias)

    def force(self, qpos: Tensor, qvel: Tensor, acceleration: Tensor) -> Tensor:
        """Inverse of `acceleration`."""
        inertia, bias = self(qpos, qvel)
        return (inertia @ acceleration.unsqueeze(-1)).squeeze(-1) + bias

    def _rotations(self, qpos: Tensor) -> Tensor:
        """`(…, F + 1, 3, 3)`: the world's, and those of all rotating frames."""
        world = torch.eye(3, dtype=qpos.dtype, device=qpos.device)
        found = [world.expand(*qpos.shape[:-1], 3, 3)]
        for row, (parent, hinge, place, rest) in enumerate(self._turning):
            if hinge:
                angle, axis = (qpos[..., place] - rest)[..., None, None], self._skews[row]
                turn = world + torch.sin(angle) * axis + (1 - torch.cos(angle)) * (axis @ axis)
            else:
                turn = to_matrix(normalize(qpos[..., place : place + 4]))
            found.append(found[parent] @ (self._between[row] @ turn))
        return torch.stack(found, dim=-3)

    def _positions(self, qpos: Tensor, frames: Tensor) -> Tensor:
        """Of all points, `(…, P, 3)`."""
        points = (frames.transpose(-3, -2).flatten(-2) @ self._points).mT
        if self._sliding:
            axes = (frames.index_select(-3, self._slide_frames) @ self._slide_axes.unsqueeze(-1)).squeeze(-1)
            travel = torch.stack([qpos[..., place] - rest for place, rest in self._sliding], dim=-1)
            points = points + self._along @ (axes * travel.unsqueeze(-1))
        if self._free:
            points = points + self._beside @ torch.stack([qpos[..., place : place + 3] for place in self._free], dim=-2)
        return points


def _place(robot: Robot, joint: int) -> tuple[bool, int, float]:
    """Whether a joint is a hinge, where its angle, its travel or its quaternion begins in `qpos`, and what that is at rest."""
    kind, start = JointType(int(robot.joints.type[joint])), int(robot.joints.qpos_start[joint])
    start += 3 if kind == JointType.FREE else 0
    return kind == JointType.HINGE, start, float(robot.qpos0[start])


def _axes(robot: Robot, tree: JointTree) -> tuple[Array, Array, Array]:
    """Of each degree of freedom the axis `(nv, 3)`, the frame in which it is fixed `(nv,)`, and whether it turns `(nv, 1)`."""
    joints = robot.joints
    frames = {frame.joint: row for row, frame in enumerate(tree.frames) if frame.joint is not None}
    slides = {slide.joint: slide for slide in tree.slides}
    found: list[tuple[Array, int, bool]] = []
    for joint in range(len(joints)):
        match JointType(int(joints.type[joint])):
            case JointType.SLIDE:
                found.append((slides[joint].axis, slides[joint].frame, False))
            case JointType.HINGE:
                found.append((joints.axis[joint], frames[joint], True))
            case kind:
                found += [(axis, 0, False) for axis in np.eye(3)] if kind == JointType.FREE else []
                found += [(axis, frames[joint], True) for axis in np.eye(3)]
    axes, owners, turns = (np.array(part) for part in zip(*found, strict=True))
    return axes, owners, turns[:, None]


def _above(robot: Robot) -> Array:
    """`(bodies, joints)`: whether a joint moves a body."""
    parent, own = robot.bodies.parent, robot.joints.body == np.arange(len(robot.bodies))[:, None]
    for body in range(1, len(parent)):
        own[body] |= own[parent[body]]
    return own


def _earlier(robot: Robot, above: Array) -> Array:
    """`(joints, joints)`: whether the second moves the first one's axis."""
    order = np.arange(len(robot.joints))
    return above[robot.joints.body] & (order < order[:, None])
