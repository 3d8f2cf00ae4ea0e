"""Which dynamics an environment runs on: the truth, or a learned checkpoint."""

from __future__ import annotations

from mosim_gym.envs.core import Dynamics
from mosim_gym.robots import RobotDefinition

TRUTH = "truth"


class CheckpointMissing(FileNotFoundError):
    """No checkpoint can be had for a robot."""


def open_dynamics(robot: RobotDefinition, checkpoint: str | Dynamics | None) -> Dynamics:
    """`checkpoint` as given to `gym.make`: None for the packaged one, `"truth"` for MuJoCo, or an object with the Simulator's `step`."""
    if checkpoint == TRUTH:
        from mosim_gym.truth.dynamics import TrueDynamics

        return TrueDynamics(robot.name)
    if checkpoint is None or isinstance(checkpoint, str):
        wanted = "no checkpoint is packaged" if checkpoint is None else f"there is no checkpoint {checkpoint!r}"
        raise CheckpointMissing(
            f"For the robot {robot.name!r} {wanted}. Valid: checkpoint='truth' (MuJoCo behind the same core)."
        )
    if checkpoint.robot.fingerprint != robot_fingerprint(robot):
        raise ValueError(f"The dynamics move {checkpoint.robot.name!r}; this environment needs {robot.name!r}.")
    return checkpoint


def robot_fingerprint(robot: RobotDefinition) -> str:
    """Identity of the packaged description of `robot`."""
    from mosim_gym.robots import load_robot

    return load_robot(robot.name).fingerprint
