"""Opens the dynamics of an environment: the truth, a learned checkpoint, or an object of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import torch

from mosim_gym.dynamics.finer import FinerSteps, steps_within
from mosim_gym.dynamics.simulator import SimulatorOptions
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.robot import Robot
from mosim_gym.robots import RobotDefinition, load_robot
from mosim_gym.zoo import packaged
from mosim_gym.zoo.checkpoint import load_checkpoint
from mosim_gym.zoo.names import find_checkpoint, packaged_for

TRUTH = "truth"
Checkpoint = str | PathLike[str] | Dynamics
"""A packaged name, a path, `"truth"`, or dynamics that are already open."""


class CheckpointMissing(FileNotFoundError):
    """A robot has no packaged checkpoint."""


@dataclass(frozen=True)
class DynamicsOptions:
    """How a checkpoint is opened: `solver`, `precision` and `ensemble` as for `Simulator`. `device` is the device of all tensors."""

    device: torch.device | str = "cpu"
    solver: str | None = None
    precision: str = "float32"
    ensemble: int | Sequence[int] | None = None

    def of_checkpoints(self) -> SimulatorOptions:
        """The options that only checkpoints given by name or path have, where they differ from the defaults."""
        chosen: SimulatorOptions = {}
        if self.solver is not None:
            chosen["solver"] = self.solver
        if self.precision != "float32":
            chosen["precision"] = self.precision
        if self.ensemble is not None:
            chosen["ensemble"] = self.ensemble
        return chosen


def open_dynamics(
    robot: RobotDefinition | Robot, checkpoint: Checkpoint | None, options: DynamicsOptions = DynamicsOptions()
) -> Dynamics:
    """The dynamics of a `gym.make` argument: a packaged name or a path, None for the robot's packaged checkpoint, `"truth"` for MuJoCo.

    A `Dynamics` is returned unchanged. Dynamics must move this robot. Those with shorter control steps, such as `hopper@0.005`, make as
    many of them as a control step of the robot needs. A robot for which only such checkpoints are packaged has that of the longest steps.
    """
    by_name = not isinstance(checkpoint, Dynamics) and checkpoint != TRUTH
    chosen = options.of_checkpoints()
    if chosen and not by_name:
        raise ValueError(f"{', '.join(chosen)}: only learned checkpoints given by name or path have this option.")
    needed = robot if isinstance(robot, Robot) else load_robot(robot.name)
    dynamics = _opened(needed, checkpoint, chosen).to(usable_device(options.device))
    if dynamics.robot.fingerprint == needed.fingerprint:
        return dynamics
    times = steps_within(dynamics.robot, needed)
    if times is None:
        raise ValueError(
            f"The checkpoint moves the robot {dynamics.robot.name!r}; this environment needs {robot.name!r}."
        )
    return FinerSteps(dynamics, needed, times)


def _opened(robot: Robot, checkpoint: Checkpoint | None, chosen: SimulatorOptions) -> Dynamics:
    if isinstance(checkpoint, Dynamics):
        return checkpoint
    if isinstance(checkpoint, str) and checkpoint == TRUTH:
        from mosim_gym.truth.dynamics import TrueDynamics

        return TrueDynamics(robot.name)
    if checkpoint is None:
        checkpoint = packaged_for(robot.name)
        if checkpoint is None:
            names = ", ".join(n for n in packaged() if n.split(":")[0] == robot.name) or "none is packaged"
            raise CheckpointMissing(
                f"No checkpoint is packaged for the robot {robot.name!r}. Valid: checkpoint='truth' (MuJoCo behind the same "
                f"core), the path of one made by `mosim-gym train {robot.name}`, or a packaged variant ({names})."
            )
    _check_place(checkpoint)
    return load_checkpoint(*find_checkpoint(checkpoint, also=[TRUTH]), **chosen)


def _check_place(checkpoint: object) -> None:
    if not isinstance(checkpoint, str | PathLike):
        raise TypeError(
            f"checkpoint is a {type(checkpoint).__name__}; it must be 'truth', a packaged name, a path, or an object whose class "
            "derives from mosim_gym.Dynamics."
        )
