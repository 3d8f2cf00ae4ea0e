"""Forward kinematics of any joint tree: the frames' rotations, one tree depth at a time (by doubling for a few rows), then products.

Tensors have the batch last, `(3, 3, F, B)`, so that every elementwise operation runs along contiguous memory.
`linear_form` has the equation. Its derivative gives the velocities, with `Ṙ_f = [ω_f]× R_f`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics import rotations
from mosim_gym.mechanics.linear_form import JointTree, LinearForm, skew
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.quantities import Quantity

Array = np.ndarray
FEW = 8  # rows


@dataclass(frozen=True)
class _Level:
    """Frames at one depth of the tree: a run of the sorted frames, and for each the place of its parent in the run above."""

    start: int
    stop: int
    parents: tuple[int, ...] | None  # None: the parents are the run above, in order


class SpatialKinematics:
    """Computes all rows of the wanted quantities at once, as the module's docstring says."""

    def __init__(self, tree: JointTree, quantities: list[Quantity]) -> None:
        """Sort the frames that are needed by depth and lay out the constants (float64)."""
        robot = tree.robot
        self._tree = tree
        static = [q for q in quantities if not q.needs_velocity]
        moving = [q for q in quantities if q.needs_velocity]
        rows = [self._rows(q) for q in static]
        moving_rows = [self._rows(q) for q in moving if q.kind == "velocity"]
        position = _stack(rows, tree)
        velocity = _stack(moving_rows, tree)
        self._spins = [frame for q in moving if q.kind == "angular_velocity" for frame, _ in tree.fixed_frames(q)]

        wanted: set[int] = set(self._spins)
        for form in (position, velocity):
            wanted |= set(np.flatnonzero(np.abs(form.frames).any((0, 2))).tolist())
            for index in np.flatnonzero(np.abs(form.slides).any(0)):
                wanted.add(tree.slides[index].frame)
        needed = sorted({a for f in wanted for a in tree.ancestors(f)}, key=lambda f: (len(tree.ancestors(f)), f))
        place = {frame: i for i, frame in enumerate(needed)}
        depth = [len(tree.ancestors(f)) for f in needed]
        self.levels: list[_Level] = []
        for level in sorted(set(depth)):
            start, stop = depth.index(level), depth.index(level) + depth.count(level)
            above = self.levels[-1].start if self.levels else 0
            parents = tuple(place[tree.frames[f].parent] - above for f in needed[start:stop]) if level > 1 else None
            previous = self.levels[-1].stop - above if self.levels else 0
            self.levels.append(_Level(start, stop, None if parents == tuple(range(previous)) else parents))

        kinds = [JointType(robot.joints.type[self._joint(f)]) for f in needed]
        self._hinges = [i for i, kind in enumerate(kinds) if kind == JointType.HINGE]
        self._balls = [i for i, kind in enumerate(kinds) if kind != JointType.HINGE]
        order = self._hinges + self._balls  # the order in which local rotations are computed
        self.order = None if order == list(range(len(needed))) else np.argsort(order)
        hinge_joints = [self._joint(needed[i]) for i in self._hinges]
        self._hinge_q = robot.joints.qpos_start[hinge_joints]
        shift = [3 if kinds[i] == JointType.FREE else 0 for i in self._balls]
        ball_joints = [self._joint(needed[i]) for i in self._balls]
        starts = robot.joints.qpos_start[ball_joints] + np.array(shift, int)
        self._ball_q = (starts[:, None] + np.arange(4)).astype(int)

        # L = K Q(θ) = K a aᵀ + cos θ · K (1 - a aᵀ) + sin θ · K [a]×, for all hinges
        constant, cosine, sine = (np.zeros((3, 3, len(hinge_joints), 1)) for _ in range(3))
        for column, i in enumerate(self._hinges):
            before, axis = tree.frames[needed[i]].before, robot.joints.axis[self._joint(needed[i])]
            along = np.outer(axis, axis)
            constant[..., column, 0] = before @ along
            cosine[..., column, 0] = before @ (np.eye(3) - along)
            sine[..., column, 0] = before @ skew(axis)
        ball_before = np.zeros((3, 3, len(self._balls), 1))
        for column, i in enumerate(self._balls):
            ball_before[..., column, 0] = tree.frames[needed[i]].before

        # turning axes: one row for each rotational degree of freedom, fixed in its own frame
        dofs: list[int] = []
        axes: list[Array] = []
        owner: list[int] = []
        for i, frame in enumerate(needed):
            joint = self._joint(frame)
            start = int(robot.joints.dof_start[joint])
            if kinds[i] == JointType.HINGE:
                dofs, axes, owner = [*dofs, start], [*axes, robot.joints.axis[joint]], [*owner, i]
            else:
                first = start + (3 if kinds[i] == JointType.FREE else 0)
                dofs, axes, owner = [*dofs, *range(first, first + 3)], [*axes, *np.eye(3)], [*owner, i, i, i]
        self._spin_v = np.array(dofs, int)
        carried = np.zeros((len(needed), len(owner)))
        for i, frame in enumerate(needed):
            chain = {place[a] for a in tree.ancestors(frame)}
            carried[i] = [o in chain for o in owner]
        axis_form = np.zeros((len(owner), len(tree.frames), 3))
        for row, (i, axis) in enumerate(zip(owner, axes, strict=True)):
            axis_form[row, needed[i]] = axis
        slide_form = np.zeros((len(tree.slides), len(tree.frames), 3))
        for row, slide in enumerate(tree.slides):
            slide_form[row, slide.frame] = slide.axis

        def columns(frames: Array) -> Array:
            """`(n, F, 3)` → `(n, 3 F')` over the needed frames, axis-major like a flattened `(3, F', B)`."""
            return frames[:, needed].transpose(0, 2, 1).reshape(len(frames), 3 * len(needed))

        def world(frames: Array) -> Array:
            return frames[:, 0].T[:, :, None]  # (3, n, 1)

        slide_joints = [s.joint for s in tree.slides]
        self._slide_q = robot.joints.qpos_start[slide_joints]
        self._slide_v = robot.joints.dof_start[slide_joints]
        self._free_q = (robot.joints.qpos_start[tree.free_joints][:, None] + np.arange(3)).astype(int)
        self._free_v = (robot.joints.dof_start[tree.free_joints][:, None] + np.arange(3)).astype(int)
        spins = np.array([place.get(f, -1) for f in self._spins], int)
        slide_spin = np.array([[place.get(s.frame, -1)] for s in tree.slides], int).reshape(-1)
        self._indices = {
            "hinge_q": self._hinge_q,
            "ball_q": self._ball_q,
            "spin_v": self._spin_v,
            "slide_q": self._slide_q,
            "slide_v": self._slide_v,
            "free_q": self._free_q,
            "free_v": self._free_v,
            "slide_frame": slide_spin,
            "spins": spins,
        }
        if self.order is not None:
            self._indices["order"] = self.order
        ancestors = _ancestors([place.get(tree.frames[f].parent, -1) for f in needed])
        self._ancestors = [f"ancestors{number}" for number in range(len(ancestors))]
        self._indices.update(zip(self._ancestors, ancestors, strict=True))
        for number, level in enumerate(self.levels):
            if level.parents is not None:
                self._indices[f"parents{number}"] = np.array(level.parents, int)
        self._values = {
            "hinge_q0": robot.qpos0[self._hinge_q][:, None],
            "hinge_constant": constant,
            "hinge_cosine": cosine,
            "hinge_sine": sine,
            "ball_before": ball_before,
            "no_turn": np.eye(3)[:, :, None, None],
            "axes": columns(axis_form),
            "carried": carried,
            "slide_axes": columns(slide_form),
            "slide_axes_world": world(slide_form),
            "slide_q0": robot.qpos0[self._slide_q][:, None],
            "slide_turns": (slide_spin >= 0).astype(float)[:, None],
            "spins_turn": (spins >= 0).astype(float)[:, None],
            "position": columns(position.frames),
            "position_world": world(position.frames),
            "position_slides": position.slides,
            "position_frees": position.frees,
            "velocity": columns(velocity.frames),
            "velocity_slides": velocity.slides,
            "velocity_frees": velocity.frees,
        }
        self._counts = (len(rows), len(moving_rows), len(self._spins))

    def _joint(self, frame: int) -> int:
        joint = self._tree.frames[frame].joint
        assert joint is not None
        return joint

    def constants(self) -> dict[str, Array]:
        """The arrays `compute` needs, to be moved to a device (and the floating ones to a dtype)."""
        return {**self._values, **self._indices}

    def compute(self, k: dict[str, Tensor], qpos: Tensor, qvel: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Position-like rows `(3, P, B)` and, with `qvel`, velocity-like rows `(3, V, B)`, linear velocities first, then angular ones."""
        state = qpos.T
        turns = self._turns(k, state)
        flat = turns.flatten(1, 2)  # (3, 3 F, B)
        positions = k["position"] @ flat + k["position_world"]
        slide = travel = None
        if len(self._slide_q):
            slide = k["slide_axes"] @ flat + k["slide_axes_world"]
            travel = state.index_select(0, k["slide_q"]) - k["slide_q0"]
            positions = positions + k["position_slides"] @ (slide * travel)
        if len(self._free_q):
            positions = positions + k["position_frees"] @ state[k["free_q"]].transpose(0, 1)
        if qvel is None or not (self._counts[1] or self._counts[2]):
            return positions, None

        rates = qvel.T
        spin = k["carried"] @ ((k["axes"] @ flat) * rates.index_select(0, k["spin_v"]))  # ω (3, F, B)
        parts: list[Tensor] = []
        if self._counts[1]:
            change = torch.cross(spin.unsqueeze(1), turns, dim=0).flatten(1, 2)  # Ṙ (3, 3 F, B)
            velocities = k["velocity"] @ change
            if slide is not None and travel is not None:
                carried = torch.cross(spin.index_select(1, k["slide_frame"]) * k["slide_turns"], slide, dim=0)
                velocities = velocities + k["velocity_slides"] @ (
                    carried * travel + slide * rates.index_select(0, k["slide_v"])
                )
            if len(self._free_v):
                velocities = velocities + k["velocity_frees"] @ rates[k["free_v"]].transpose(0, 1)
            parts.append(velocities)
        if self._counts[2]:
            parts.append(spin[:, k["spins"]] * k["spins_turn"])
        return positions, parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def _turns(self, k: dict[str, Tensor], state: Tensor) -> Tensor:
        """Rotations of the needed frames `(3, 3, F, B)`, indexed `[component, axis, frame, row]`."""
        local: list[Tensor] = []
        if self._hinges:
            angle = state.index_select(0, k["hinge_q"]) - k["hinge_q0"]
            turned = torch.addcmul(k["hinge_constant"], k["hinge_cosine"], torch.cos(angle))
            local.append(torch.addcmul(turned, k["hinge_sine"], torch.sin(angle)))
        if self._balls:
            local.append(_product(k["ball_before"], _matrices(state[k["ball_q"]])))
        if not local:
            return state.new_zeros(3, 3, 0, state.shape[1])
        turns = local[0] if len(local) == 1 else torch.cat(local, dim=2)
        turns = turns if self.order is None else turns.index_select(2, k["order"])
        if turns.shape[-1] <= FEW:
            return self._carried(k, turns)
        levels = turns.split_with_sizes([level.stop - level.start for level in self.levels], dim=2)
        above = levels[0]
        done = [above]
        for number, (level, own) in enumerate(zip(self.levels[1:], levels[1:], strict=True), 1):
            parents = above if level.parents is None else above.index_select(2, k[f"parents{number}"])
            above = _product(parents, own)
            done.append(above)
        return torch.cat(done, dim=2)

    def _carried(self, k: dict[str, Tensor], turns: Tensor) -> Tensor:
        """Local rotations `(3, 3, F, B)` turned into the world's frame, for a few rows: over 1, then 2, 4, … joints at once."""
        carried = torch.cat((turns, k["no_turn"].expand_as(turns[:, :, :1])), dim=2).permute(3, 2, 0, 1)
        for name in self._ancestors:
            carried = carried.index_select(1, k[name]) @ carried
        return carried[:, :-1].permute(2, 3, 1, 0)

    def _rows(self, quantity: Quantity) -> LinearForm:
        """The linear form of one quantity. A rotation has its three axes as rows, an angular velocity has no rows."""
        tree = self._tree
        if quantity.kind != "rotation":
            return tree.linear_form(quantity)
        fixed = tree.fixed_frames(quantity)
        form = np.zeros((3 * len(fixed), len(tree.frames), 3))
        for row, (frame, turn) in enumerate(fixed):
            form[3 * row : 3 * row + 3, frame] = turn.T
        return LinearForm(form, np.zeros((len(form), len(tree.slides))), np.zeros((len(form), len(tree.free_joints))))


def _ancestors(parents: list[int]) -> list[Array]:
    """Each frame's ancestor 1, 2, 4, … levels up, as arrays `(F + 1,)`. F is the world, the ancestor of frames without another."""
    world = len(parents)
    above = np.array([*(world if p < 0 else p for p in parents), world])
    rows: list[Array] = []
    while (above < world).any():
        rows.append(above)
        above = above[above]
    return rows


def _stack(forms: list[LinearForm], tree: JointTree) -> LinearForm:
    empty = LinearForm(
        np.zeros((0, len(tree.frames), 3)), np.zeros((0, len(tree.slides))), np.zeros((0, len(tree.free_joints)))
    )
    forms = [empty, *forms]
    return LinearForm(
        np.concatenate([f.frames for f in forms]),
        np.concatenate([f.slides for f in forms]),
        np.concatenate([f.frees for f in forms]),
    )


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Product of 3 × 3 matrices `(3, 3, F, B)`: in fewer calls for a few rows, in less memory for many."""
    if a.shape[-1] <= FEW:
        return (a.unsqueeze(2) * b.unsqueeze(0)).sum(1)
    product = a[:, 0, None] * b[0, None]
    product = torch.addcmul(product, a[:, 1, None], b[1, None])
    return torch.addcmul(product, a[:, 2, None], b[2, None])


def _matrices(quat: Tensor) -> Tensor:
    """Rotation matrices `(3, 3, n, B)` of quaternions `(n, 4, B)`, normalised first as MuJoCo does."""
    return rotations.to_matrix(rotations.normalize(quat.transpose(1, 2))).permute(2, 3, 0, 1)
