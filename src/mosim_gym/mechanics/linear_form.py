"""The constants of the linear form of points: every point of a mechanism is linear in the rotations of its joints.

Each ball, free or hinge joint `f` opens a *frame* with rotation `R_f = R_parent(f) · K_f · Q_f(q)`, where `K_f` is constant and `Q_f` is
the joint's own turn. Frame 0 is the world. In every tree, a point is then

    x = Σ_f R_f c_f  +  Σ_s d_s q_s (R_f(s) a_s)  +  Σ_j t_j p_j

with constants `c` (frames), `d` (slides, with axis `a` in frame `f(s)`) and `t` (positions of free joints). Centres of mass are weighted
sums of points, so they have the same form. Velocities are the derivative of this form. Forward kinematics therefore computes the frames'
rotations, then one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mosim_gym.mechanics.parts import GeomType, Group, JointType
from mosim_gym.mechanics.quantities import Quantity
from mosim_gym.mechanics.robot import Robot

Array = np.ndarray


def matrix(quat: Array) -> Array:
    """Rotation matrix of one unit quaternion `(w, x, y, z)`."""
    w, x, y, z = np.asarray(quat, float) / np.linalg.norm(quat)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion(turn: Array) -> Array:
    """`(w, x, y, z)` with w ≥ 0 of rotation matrices `(…, 3, 3)`: the eigenvector of the largest eigenvalue of a symmetric matrix."""
    m = np.moveaxis(np.asarray(turn, float), (-2, -1), (0, 1))
    k = np.array(
        [
            [m[0, 0] + m[1, 1] + m[2, 2], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]],
            [m[0, 2] - m[2, 0], m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1]],
            [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1]],
        ]
    )
    quat = np.linalg.eigh(np.moveaxis(k, (0, 1), (-2, -1)))[1][..., -1]
    return np.where(quat[..., :1] >= 0, quat, -quat)


def skew(vector: Array) -> Array:
    """`[v]×`, so that `skew(v) @ u = v × u`."""
    x, y, z = vector
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


@dataclass(frozen=True)
class Frame:
    """A rotating frame: `R = R[parent] @ before @ Q(q)`. The world's frame has no joint."""

    parent: int
    before: Array
    joint: int | None


@dataclass(frozen=True)
class Slide:
    """A sliding joint: `axis` is constant in `frame`."""

    frame: int
    axis: Array
    joint: int


@dataclass(frozen=True)
class LinearForm:
    """Coefficients of `n` points, as in the module's docstring."""

    frames: Array  # (n, F, 3)
    slides: Array  # (n, S)
    frees: Array  # (n, J)

    @property
    def parts(self) -> tuple[Array, Array, Array]:
        """All coefficients."""
        return self.frames, self.slides, self.frees


class JointTree:
    """The frames of `robot` and the linear form of everything fixed in its bodies."""

    def __init__(self, robot: Robot) -> None:
        """Walk the bodies from the world outwards, as `mj_kinematics` does."""
        self.robot = robot
        joints, bodies = robot.joints, robot.bodies
        rotating = [j for j in range(len(joints)) if joints.type[j] != JointType.SLIDE]
        sliding = [j for j in range(len(joints)) if joints.type[j] == JointType.SLIDE]
        self.free_joints = [j for j in rotating if joints.type[j] == JointType.FREE]
        sizes = (len(rotating) + 1, len(sliding), len(self.free_joints))
        self.frames: list[Frame] = [Frame(0, np.eye(3), None)]
        self.slides: list[Slide] = []
        count = len(bodies)
        self.body_frame = np.zeros(count, int)
        self.body_rotation = np.tile(np.eye(3), (count, 1, 1))  # constant, from the body to its frame
        origin = LinearForm(np.zeros((count, sizes[0], 3)), np.zeros((count, sizes[1])), np.zeros((count, sizes[2])))
        anchors = LinearForm(*(np.zeros((len(joints), *part.shape[1:])) for part in origin.parts))
        for body in range(1, count):
            up = bodies.parent[body]
            own = [j for j in range(len(joints)) if joints.body[j] == body]
            if own and joints.type[own[0]] == JointType.FREE:
                self.frames.append(Frame(0, np.eye(3), own[0]))
                self.body_frame[body] = len(self.frames) - 1
                origin.frees[body, self.free_joints.index(own[0])] = 1
                anchors.frees[own[0]] = origin.frees[body]
                continue
            origin.frames[body], origin.slides[body], origin.frees[body] = (
                origin.frames[up],
                origin.slides[up],
                origin.frees[up],
            )
            frame, turn = int(self.body_frame[up]), self.body_rotation[up]
            origin.frames[body, frame] += turn @ bodies.pos[body]
            turn = turn @ matrix(bodies.quat[body])
            for joint in own:
                if joints.type[joint] == JointType.SLIDE:
                    origin.slides[body, len(self.slides)] = 1
                    self.slides.append(Slide(frame, turn @ joints.axis[joint], joint))
                else:
                    origin.frames[body, frame] += turn @ joints.pos[joint]
                    for there, here in zip(anchors.parts, origin.parts, strict=True):
                        there[joint] = here[body]
                    self.frames.append(Frame(frame, turn, joint))
                    frame, turn = len(self.frames) - 1, np.eye(3)
                    origin.frames[body, frame] -= joints.pos[joint]
            self.body_frame[body], self.body_rotation[body] = frame, turn
        self._origin = origin
        self.anchors = anchors  # the points about which joints turn; a slide has none

    def points(self, bodies: Array, offsets: Array) -> LinearForm:
        """Points at `offsets (n, 3)` in the frames of `bodies (n,)`."""
        frames = self._origin.frames[bodies].copy()
        for row, (body, offset) in enumerate(zip(bodies, offsets, strict=True)):
            frames[row, self.body_frame[body]] += self.body_rotation[body] @ offset
        return LinearForm(frames, self._origin.slides[bodies], self._origin.frees[bodies])

    def centres_of_mass(self, roots: list[int]) -> LinearForm:
        """Centre of mass of each body in `roots` together with all bodies below it."""
        bodies = self.robot.bodies
        every = self.points(np.arange(len(bodies)), bodies.ipos)
        weights = np.zeros((len(roots), len(bodies)))
        for row, root in enumerate(roots):
            for body in range(len(bodies)):
                above = body
                while above not in (root, 0):
                    above = int(bodies.parent[above])
                weights[row, body] = bodies.mass[body] * (above == root)
            if not weights[row].any():
                weights[row, root] = (
                    1.0  # a sub-tree without mass has its centre where MuJoCo puts it: at its root's own
                )
            weights[row] /= weights[row].sum()
        return LinearForm(
            np.einsum("rb,bfk->rfk", weights, every.frames), weights @ every.slides, weights @ every.frees
        )

    def fixed_frames(self, quantity: Quantity) -> list[tuple[int, Array]]:
        """For each object of `quantity`, its rotating frame and its constant rotation in it."""
        group, rows = self._rows(quantity)
        if group is self.robot.bodies:
            return [(int(self.body_frame[b]), self.body_rotation[b]) for b in rows]
        if group is self.robot.joints:
            return [self._joint_frame(row) for row in rows]
        bodies, quats = getattr(group, "body")[rows], getattr(group, "quat")[rows]  # noqa: B009
        return [
            (int(self.body_frame[b]), self.body_rotation[b] @ matrix(q)) for b, q in zip(bodies, quats, strict=True)
        ]

    def _joint_frame(self, joint: int) -> tuple[int, Array]:
        """The frame that a joint turns, or in which a slide's axis is fixed; that axis is its first one."""
        turning = {frame.joint: row for row, frame in enumerate(self.frames) if frame.joint is not None}
        if joint in turning:
            return turning[joint], np.eye(3)
        slide = next(slide for slide in self.slides if slide.joint == joint)
        along = np.cross(slide.axis, np.eye(3)[np.abs(slide.axis).argmin()])
        across = along / np.linalg.norm(along)
        return slide.frame, np.stack((slide.axis, across, np.cross(slide.axis, across)), axis=1)

    def linear_form(self, quantity: Quantity) -> LinearForm:
        """The linear form of the objects' origins, or of the ways to them."""
        there = self._points_of(quantity)
        if quantity.origin is None:
            return there
        here = self._points_of(Quantity(quantity.kind, *quantity.origin, single=False))
        return LinearForm(there.frames - here.frames, there.slides - here.slides, there.frees - here.frees)

    def _points_of(self, quantity: Quantity) -> LinearForm:
        group, rows = self._rows(quantity)
        if quantity.object == "subtree":
            return self.centres_of_mass(rows)
        if quantity.object == "mass":
            return self.points(np.array(rows, int), self.robot.bodies.ipos[rows])
        if group is self.robot.bodies:
            return self.points(np.array(rows, int), np.zeros((len(rows), 3)))
        if quantity.object == "joint":
            return LinearForm(*(part[rows] for part in self.anchors.parts))
        if quantity.object == "tip":
            geoms = self.robot.geoms
            capsule = geoms.type[rows] == GeomType.CAPSULE
            half = np.stack([matrix(geoms.quat[row])[:, 2] * geoms.size[row, 1] for row in rows])
            return self.points(geoms.body[rows], geoms.pos[rows] + capsule[:, None] * half)
        return self.points(getattr(group, "body")[rows], getattr(group, "pos")[rows])  # noqa: B009

    def _rows(self, quantity: Quantity) -> tuple[Group, list[int]]:
        robot = self.robot
        groups: dict[str, Group] = {
            "body": robot.bodies,
            "mass": robot.bodies,
            "subtree": robot.bodies,
            "geom": robot.geoms,
            "tip": robot.geoms,
            "site": robot.sites,
            "contact": robot.contacts,
            "joint": robot.joints,
        }
        group = groups[quantity.object]
        return group, [group.index(name) for name in quantity.names]

    def ancestors(self, frame: int) -> list[int]:
        """`frame` and the rotating frames above it, without the world."""
        chain: list[int] = []
        while frame:
            chain.append(frame)
            frame = self.frames[frame].parent
        return chain
