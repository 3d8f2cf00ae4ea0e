"""`ForwardKinematics`: batched, differentiable positions, rotations and velocities of anything fixed in a robot's bodies."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mosim_gym.mechanics.linear_form import JointTree
from mosim_gym.mechanics.planar import PlanarKinematics, planar_angles
from mosim_gym.mechanics.quantities import Quantity
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.spatial import SpatialKinematics

# Torch's vector mathematics initialises itself on first use, and when that use is multi-threaded one thread may still run in a
# low-accuracy mode: in about one process in twelve the first cosine of a large float64 tensor was then off by 7e-9. One small
# single-threaded call beforehand removes the race.
for _dtype in (torch.float32, torch.float64):
    torch.sin(torch.zeros(1, dtype=_dtype))
    torch.cos(torch.zeros(1, dtype=_dtype))


class ForwardKinematics:
    """Computes the named `quantities` of `robot`, and nothing else, in one pass.

    Call it with `qpos (..., nq)` and, if any quantity is a velocity, `qvel (..., nv)`. It returns a dict of tensors by quantity, each of
    the shape given in `mechanics.quantities`, on the inputs' device and in their dtype. Constants are computed once in float64 and
    kept for each device and dtype.
    """

    def __init__(self, robot: Robot, quantities: Mapping[str, Quantity]) -> None:
        """Raises `KeyError` with the valid names if a quantity names an object that `robot` does not have."""
        self.robot = robot
        self.quantities = dict(quantities)
        ordered = list(self.quantities.values())
        tree = JointTree(robot)
        angles = planar_angles(tree)
        self.planar = angles is not None
        self._method = PlanarKinematics(tree, angles, ordered) if angles else SpatialKinematics(tree, ordered)
        self._kept: dict[tuple[torch.device, torch.dtype], dict[str, Tensor]] = {}
        self.needs_velocity = any(q.needs_velocity for q in ordered)
        self._places = self._layout()

    def _layout(self) -> dict[str, tuple[bool, int, int, tuple[int, ...]]]:
        """For each quantity: whether it is a velocity, the start and the stop of its rows of three, and its final shape."""
        places: dict[str, tuple[bool, int, int, tuple[int, ...]]] = {}
        cursor = {False: 0, True: 0}
        # The spatial method appends angular velocities after the linear ones; the planar one keeps the order.
        order = sorted(self.quantities.items(), key=lambda item: not self.planar and item[1].kind == "angular_velocity")
        for name, quantity in order:
            count = len(quantity.names)
            rows = 3 * count if quantity.kind == "rotation" else count
            start = cursor[quantity.needs_velocity]
            cursor[quantity.needs_velocity] += rows
            inner = (3, 3) if quantity.kind == "rotation" else (3,)
            shape = inner if quantity.single else (count, *inner)
            places[name] = (quantity.needs_velocity, start, start + rows, shape)
        return places

    def _constants(self, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
        key = (device, dtype)
        if key not in self._kept:
            with torch.inference_mode(False):  # kept for calls that do want gradients, too
                self._kept[key] = {
                    name: torch.as_tensor(value, device=device, dtype=dtype if value.dtype.kind == "f" else torch.long)
                    for name, value in self._method.constants().items()
                }
        return self._kept[key]

    def __call__(self, qpos: Tensor, qvel: Tensor | None = None) -> dict[str, Tensor]:
        """All quantities at `qpos` (and `qvel`)."""
        if not self.quantities:
            return {}
        if qpos.shape[-1] != self.robot.nq:
            raise ValueError(f"qpos has shape {tuple(qpos.shape)}; {self.robot.name} needs (..., {self.robot.nq}).")
        if self.needs_velocity and (qvel is None or qvel.shape[-1] != self.robot.nv):
            got = None if qvel is None else tuple(qvel.shape)
            raise ValueError(f"qvel has shape {got}; {self.robot.name} needs (..., {self.robot.nv}) for velocities.")
        if qpos.ndim != 2:
            flat = self(qpos.reshape(-1, self.robot.nq), None if qvel is None else qvel.reshape(-1, self.robot.nv))
            if qpos.ndim == 1:
                return {name: rows[0] for name, rows in flat.items()}
            return {name: torch.unflatten(rows, 0, (-1, *qpos.shape[1:-1])) for name, rows in flat.items()}
        velocity = qvel if self.needs_velocity else None
        constants = self._constants(qpos.device, qpos.dtype)
        still, moving = self._method.compute(constants, qpos, velocity)
        if not self.planar:  # rows of three numbers, for each state one after the other
            still, moving = (None if part is None else part.permute(2, 1, 0).contiguous() for part in (still, moving))
        result: dict[str, Tensor] = {}
        for name, (is_velocity, start, stop, shape) in self._places.items():
            rows = moving if is_velocity else still
            assert rows is not None
            if self.planar:
                result[name] = torch.unflatten(rows.narrow(1, 3 * start, 3 * (stop - start)), 1, shape)
            else:
                part = rows[:, start:stop]
                if len(shape) >= 2 and shape[-2:] == (3, 3) and self.quantities[name].kind == "rotation":
                    part = torch.unflatten(part, 1, (-1, 3)).transpose(-1, -2)
                result[name] = part[:, 0] if self.quantities[name].single else part
        return result
