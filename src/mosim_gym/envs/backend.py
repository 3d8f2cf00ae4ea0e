"""Which dynamics an environment runs on: the truth, or a learned checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

import torch

from mosim_gym.dynamics.finer import FinerSteps, steps_within
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.core import Dynamics
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.robots import RobotDefinition, load_robot
from mosim_gym.zoo import packaged
from mosim_gym.zoo.checkpoint import load_checkpoint
from mosim_gym.zoo.names import find_checkpoint

TRUTH = "truth"


class CheckpointMissing(FileNotFoundError):
    """No checkpoint can be had for a robot."""


def open_dynamics(
    robot: RobotDefinition,
    checkpoint: str | PathLike[str] | Dynamics | None,
    *,
    device: torch.device | str = "cpu",
    solver: str | None = None,
    precision: str = "float32",
    ensemble: int | Sequence[int] | None = None,
) -> Dynamics:
    """`checkpoint` as given to `gym.make`: a packaged name or a path, None for the robot's packaged one, `"truth"` for MuJoCo.

    An object with the Simulator's `step` is taken as it is. Whatever it is must move this very robot; a checkpoint of shorter
    steps, such as `hopper@0.005`, takes as many as a control step needs. The other arguments are the
    Simulator's; the truth and objects of your own have none of them but the device, on which the environment's own tensors are.
    """
    device = usable_device(device)
    options = {"solver": solver, "precision": None if precision == "float32" else precision, "ensemble": ensemble}
    options = {name: value for name, value in options.items() if value is not None}
    by_name = checkpoint is None or (isinstance(checkpoint, str | PathLike) and checkpoint != TRUTH)
    if options and not by_name:
        raise ValueError(f"{', '.join(options)}: only learned checkpoints given by name or path have that choice.")
    if isinstance(checkpoint, str) and checkpoint == TRUTH:
        from mosim_gym.truth.dynamics import TrueDynamics

        return TrueDynamics(robot.name)
    fingerprint = load_robot(robot.name).fingerprint
    if checkpoint is None:
        checkpoint = robot.name
        if checkpoint not in packaged():
            names = ", ".join(n for n in packaged() if n.split(":")[0] == robot.name) or "none is packaged"
            raise CheckpointMissing(
                f"No checkpoint is packaged for the robot {robot.name!r}. Valid: checkpoint='truth' (MuJoCo behind the same "
                f"core), the path of one made by `mosim-gym train {robot.name}`, or a packaged variant ({names})."
            )
    if isinstance(checkpoint, str | PathLike):
        dynamics = load_checkpoint(*find_checkpoint(checkpoint, also=[TRUTH]), **options)
    else:
        dynamics = checkpoint
    if not (hasattr(dynamics, "step") and hasattr(dynamics, "robot")):
        raise TypeError(
            f"checkpoint is a {type(checkpoint).__name__}; it must be 'truth', a packaged name, a path, or an object with the "
            "Simulator's step() and robot."
        )
    if isinstance(dynamics, Simulator):
        dynamics = dynamics.to(device)
    if dynamics.robot.fingerprint == fingerprint:
        return dynamics
    times = steps_within(dynamics.robot, load_robot(robot.name))
    if times is None or not isinstance(dynamics, Simulator):
        raise ValueError(
            f"The checkpoint moves the robot {dynamics.robot.name!r}; this environment needs {robot.name!r}."
        )
    return FinerSteps(dynamics, load_robot(robot.name), times)
