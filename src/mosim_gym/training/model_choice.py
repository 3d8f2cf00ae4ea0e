"""Which model a robot has unless someone says otherwise: a preset, with what of the robot it sees and when it looks at contacts."""

from __future__ import annotations

from mosim_gym.dynamics.config import PRESETS, MoSimConfig, preset
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.tendon_parts import acting_tendons
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.robots.catalogue import sensor_columns


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
    near = {"pairs": definition.pairs, "strings": definition.strings, "tendons": tendons}
    near = near if PRESETS[name].nonsmooth else {}
    seen = {"foresight": looks(description.substeps)} if name == "substeps" and description.substeps > 1 else {}
    return preset(name, members=members, sensors=len(sensor_columns(robot)), **near, **seen)


def looks(substeps: int) -> tuple[float, ...]:
    """Three instants, as shares of a control step of so many physics steps. MuJoCo looks at contacts last one step before its end."""
    last = (substeps - 1) / substeps
    return tuple(round(last * part / 3, 4) for part in (1, 2, 3))
