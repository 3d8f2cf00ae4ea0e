"""The box of states that a model was trained in: beyond it, environments end an episode."""

from __future__ import annotations

from torch import Tensor

from mosim_gym.data.stream import Transitions
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.parts import JointType

Sides = list[list[float | None]]
"""Lowest and highest numbers."""


def training_box(robot: Robot, sample: Transitions) -> Box:
    """Lowest and highest `qpos` and `qvel` in a sample of the training data; None where a coordinate does not matter to the motion."""
    free = set(robot.translation_indices)
    columns = {name: int(start) for name, start in zip(robot.joints.names, robot.joints.qpos_start, strict=True)}
    free.update(columns[name] for name in _unbounded(robot))

    def sides(values: Tensor, open_ends: set[int]) -> Sides:
        flat = values.flatten(0, -2)
        ends = (flat.amin(0).tolist(), flat.amax(0).tolist())
        return [[None if i in open_ends else round(x, 5) for i, x in enumerate(side)] for side in ends]

    return {"qpos": sides(sample.qpos, free), "qvel": sides(sample.qvel, set())}


def joined_boxes(one: Box, other: Box) -> Box:
    """The smallest box that holds both."""

    def outermost(mine: Sides, theirs: Sides) -> Sides:
        return [
            [None if a is None or b is None else choose(a, b) for a, b in zip(*ends, strict=True)]
            for choose, ends in zip((min, max), zip(mine, theirs, strict=True), strict=True)
        ]

    return {"qpos": outermost(one["qpos"], other["qpos"]), "qvel": outermost(one["qvel"], other["qvel"])}


def _unbounded(robot: Robot) -> list[str]:
    """Hinges without limits: their angle may turn on and on."""
    unlimited = (robot.joints.type == JointType.HINGE) & ~robot.joints.limited
    return [name for name, u in zip(robot.joints.names, unlimited, strict=True) if u]
