"""Which model is trained: the robot's preset, with what of the robot it sees and when it looks at contacts, or the checkpoint to refine."""

from __future__ import annotations

from pathlib import Path

from mosim_gym.data.collection import find_recipe
from mosim_gym.dynamics.config import PRESETS, MoSimConfig, preset
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.tendon_parts import acting_tendons
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.robots.catalogue import sensor_columns
from mosim_gym.training.config import refinement
from mosim_gym.zoo.names import load


def model_for(robot: str, name: str | None = None, members: int = 1) -> MoSimConfig:
    """The preset `name`; by default the robot's own, or one of three: `smooth` for robots that touch nothing, `substeps` for others whose
    control step holds several physics steps, `default` for the rest.
    """
    definition, description = find_robot(robot), load_robot(robot)
    if name is None:
        touches = len(description.contacts) or definition.pairs or definition.strings
        name = definition.preset or (
            "smooth" if not touches else "default" if description.substeps == 1 else "substeps"
        )
    if name not in PRESETS:
        raise UnknownName("preset", name, list(PRESETS))
    tendons = () if definition.strings else acting_tendons(description)
    servos = len(description.servos) > 0
    near = {"pairs": definition.pairs, "strings": definition.strings, "tendons": tendons, "servos": servos}
    near = near if PRESETS[name].nonsmooth else {}
    seen = {"foresight": looks(description.substeps)} if name == "substeps" and description.substeps > 1 else {}
    return preset(name, members=members, sensors=len(sensor_columns(robot)), **near, **seen)


def chosen_model(
    robot: str,
    *,
    preset_name: str | None = None,
    members: int = 1,
    recipe: str | None = None,
    device: str = "cpu",
    start: str | Path | None = None,
    rate: float | None = None,
) -> tuple[Simulator | None, MoSimConfig]:
    """The model to go on from, if there is one, and what the trained one is made of. Raises for unknown names and misfits."""
    find_robot(robot)
    if recipe is not None:
        find_recipe(recipe)
    usable_device(device)
    if start is None:
        if rate is not None:
            raise ValueError("A rate is for refining; give the checkpoint to start from, too.")
        return None, model_for(robot, preset_name, members)
    refinement(rate)
    before = _start(start, robot, preset_name, members)
    return before, before.model.config


def _start(start: str | Path, robot: str, preset_name: str | None, members: int) -> Simulator:
    """The checkpoint to go on from; it says itself what it is made of."""
    before = load(start)
    if before.robot.name != load_robot(robot).name:
        raise ValueError(f"{start} is a model of {before.robot.name!r}; {robot!r} cannot go on from it.")
    if preset_name is not None or members not in (1, before.model.config.members):
        raise ValueError(f"{start} has a preset and members of its own: leave preset and members out.")
    return before


def looks(substeps: int) -> tuple[float, ...]:
    """Three instants, as shares of a control step of so many physics steps. MuJoCo looks at contacts last one step before its end."""
    last = (substeps - 1) / substeps
    return tuple(round(last * part / 3, 4) for part in (1, 2, 3))
