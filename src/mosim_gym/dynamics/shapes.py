"""Shapes of a model's weights, by arithmetic: what a file must hold, known before a network of that size is made."""

from __future__ import annotations

from mosim_gym.dynamics.config import MoSimConfig, Size
from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.dynamics.control_step import learns_drift
from mosim_gym.dynamics.features import InputFeatures
from mosim_gym.dynamics.mosim import corrector_sizes, has_predictor, predicted_outputs
from mosim_gym.mechanics import Robot

Shapes = dict[str, tuple[int, ...]]


def model_shapes(robot: Robot, config: MoSimConfig) -> Shapes:
    """Name and shape of everything in the `state_dict` of a `MoSim` of `robot` with `config`."""
    f, nv = InputFeatures(robot, config), robot.nv
    outputs = nv * (2 if config.drift and learns_drift(robot) else 1) + config.sensors
    size, predicted = f.size, predicted_outputs(robot, config)
    if config.foresight:
        contact = ContactFeatures(robot, config, body_frame=f.body_frame)
        size += contact.along_size(1 + len(config.foresight)) if contact.size else 0
    shapes: Shapes = {"input_mean": (size,), "input_std": (size,), "output_std": (outputs,)}
    members = config.members
    if config.known == "inertia":
        shapes["acceleration_std"] = (nv,)
    if has_predictor(config) and config.bias is not None and config.torque is not None:
        if config.inertia is not None:
            shapes |= _network("inertia", members, f.position_size, nv * (nv + 1) // 2, config.inertia)
        shapes |= _network("bias", members, f.position_size + f.velocity_size, predicted, config.bias)
        shapes |= _network("torque", members, f.action_size, predicted, config.torque)
        if config.remainder is not None:
            shapes |= _network("remainder", members, f.smooth_size, predicted, config.remainder)
    for number, corrector in enumerate(corrector_sizes(config)):
        shapes |= _network(f"correctors.{number}", members, size, outputs, corrector)
    return shapes


def _network(name: str, members: int, inputs: int, outputs: int, size: Size) -> Shapes:
    """Those of a `ResidualNet`."""
    maps = {"first": (size.width, inputs), "last": (outputs, size.width)}
    for block in range(size.blocks):
        maps |= {f"up.{block}": (size.width, size.width), f"down.{block}": (size.width, size.width)}
    shapes: Shapes = {}
    for part, (rows, columns) in maps.items():
        shapes[f"{name}.{part}.weight"], shapes[f"{name}.{part}.bias"] = (members, rows, columns), (members, rows)
    return shapes
