"""The box of states that a model was trained in: beyond it, environments end an episode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.data.stream import Transitions
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.parts import JointType


def training_box(robot: Robot, sample: Transitions) -> dict[str, list[list[float | None]]]:
    """Lowest and highest `qpos` and `qvel` in a sample of the training data; None where a coordinate does not matter to the motion."""
    free = set(robot.translation_indices)
    columns = {name: int(start) for name, start in zip(robot.joints.names, robot.joints.qpos_start, strict=True)}
    free.update(columns[name] for name in _unbounded(robot))
    box: dict[str, list[list[float | None]]] = {}
    for name, values, open_ends in (("qpos", sample.qpos, free), ("qvel", sample.qvel, set())):
        flat = values.flatten(0, -2)
        sides = (flat.amin(0).tolist(), flat.amax(0).tolist())
        box[name] = [[None if i in open_ends else round(x, 5) for i, x in enumerate(side)] for side in sides]
    return box


def joined_boxes(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, list[list[float | None]]]:
    """The smallest box that holds both."""

    def outermost(part: str, side: int) -> list[float | None]:
        choose = (min, max)[side]
        return [None if a is None else choose(a, b) for a, b in zip(one[part][side], other[part][side], strict=True)]

    return {part: [outermost(part, side) for side in (0, 1)] for part in ("qpos", "qvel")}


def _unbounded(robot: Robot) -> list[str]:
    """Hinges without limits: their angle may turn on and on."""
    unlimited = (robot.joints.type == JointType.HINGE) & ~robot.joints.limited
    return [name for name, u in zip(robot.joints.names, unlimited, strict=True) if u]
