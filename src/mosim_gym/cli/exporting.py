"""`export`: a task's environment, and a policy, as ONNX files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Reported

if TYPE_CHECKING:
    from mosim_gym.policies.actor import ActorPolicy


@dataclass(frozen=True)
class Export(Reported):
    """Write the control step of a task's environment as an ONNX file, and a policy as another."""

    name: Annotated[
        Positional[str],
        arg(help="A task such as CheetahRun, or a packaged checkpoint such as cheetah:small of a robot with one task."),
    ]
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    policy: Annotated[Path | None, arg(help="A policy's file of this package, for a second ONNX file.")] = None
    member: Annotated[int, arg(help="Which member of an ensemble is exported, counted from 0.")] = 0
    solver: Annotated[str | None, arg(help="The solver of the control step; by default the model's own.")] = None
    out: Out = Path("runs/export")

    def run(self) -> None:
        from mosim_gym.envs.onnx_export import export_environment, export_policy

        task, checkpoint = self._chosen()
        policy = None if self.policy is None else _checked_policy(self.policy, task)
        path = export_environment(
            task, self.out / f"{task}.onnx", checkpoint=checkpoint, solver=self.solver, member=self.member
        )
        print(f"wrote {path}, of member {self.member}")
        written = {"environment": path.name}
        if policy is not None:
            path = export_policy(policy, self.out / f"{task}-policy.onnx")
            print(f"wrote {path}")
            written["policy"] = path.name
        self.write_result({"task": task, "files": written})

    def _chosen(self) -> tuple[str, str | None]:
        """The task and the checkpoint."""
        from mosim_gym.mechanics.names import UnknownName
        from mosim_gym.robots import find_task, tasks
        from mosim_gym.zoo import packaged
        from mosim_gym.zoo.names import robot_at

        if self.name in tasks():
            return self.name, self.checkpoint
        if self.name not in packaged():
            raise UnknownName("task or checkpoint", self.name, [*tasks(), *packaged()])
        if self.checkpoint is not None:
            raise ValueError(f"{self.name} is a checkpoint; --checkpoint needs a task, such as CheetahRun.")
        robot = robot_at(self.name).name.partition("@")[0]
        valid = [task for task in tasks() if find_task(task)[0].name == robot]
        if len(valid) != 1:
            raise ValueError(
                f"{robot} has {len(valid)} tasks; name one of them, and the model by --checkpoint {self.name}. Valid: {', '.join(valid)}."
            )
        return valid[0], self.name


def _checked_policy(path: Path, task: str) -> ActorPolicy:
    """The policy at `path`, which must fit the task."""
    import numpy as np

    from mosim_gym.adapters.policy_files import load_policy
    from mosim_gym.envs.spaces import action_space, observation_space
    from mosim_gym.policies.actor import ActorPolicy

    policy = load_policy(path)
    if not isinstance(policy, ActorPolicy):
        raise ValueError(f"{path} is a zip of Stable-Baselines3; only policy files of this package are exported.")
    sizes = len(policy.layers[0][0].T), len(policy.low)
    wanted = tuple(int(np.prod(space(task).shape or ())) for space in (observation_space, action_space))
    if sizes != wanted:
        raise ValueError(
            f"{path} maps {sizes[0]} numbers of an observation to {sizes[1]} controls; {task} has {wanted[0]} and {wanted[1]}."
        )
    return policy
