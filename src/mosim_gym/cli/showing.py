"""`info` describes tasks and robots, `render` films a policy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Reported, Seed, Trusted
from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.mechanics.storage import check_folder


@dataclass(frozen=True)
class Info:
    """Describe a task or a robot. Without a name, list all tasks and robots."""

    name: Annotated[Positional[str | None], arg(help="A task such as CheetahRun or a robot such as cheetah.")] = None

    def run(self) -> None:
        from mosim_gym.evaluation.describe import describe_everything, describe_robot, describe_task
        from mosim_gym.mechanics.names import UnknownName
        from mosim_gym.robots import robot_definitions, tasks

        if self.name is None:
            print(describe_everything())
        elif self.name in tasks():
            print(describe_task(self.name))
        elif self.name in robot_definitions():
            print(describe_robot(self.name))
        else:
            raise UnknownName("task or robot", self.name, [*tasks(), *robot_definitions()])


@dataclass(frozen=True)
class Render(Reported):
    """Film a policy in the real task, alone or above the model's prediction for the same actions."""

    files = ("return.png", "episode.mp4", "strip.png")

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    policy: Annotated[str, arg(help="scripted, random, or a policy's file (of this package, or an SB3 zip).")] = (
        "scripted"
    )
    side_by_side: Annotated[
        Path | None, arg(help="An mp4: truth above prediction under the same actions, the error below.")
    ] = None
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    trusted: Trusted = False
    out: Out = Path("runs/render")
    steps: Annotated[int, arg(help="Control steps to film.")] = 300
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.adapters.policy_files import check_policy, load_policy
        from mosim_gym.envs.reality import reality
        from mosim_gym.pictures.video import check_video
        from mosim_gym.studies.demonstration import demonstrate, find_policy

        check_at_least(1, **{"--steps": self.steps})
        if self.side_by_side is None and self.checkpoint is not None:
            raise ValueError("--checkpoint needs --side-by-side: without it, only the real task is filmed.")
        if self.side_by_side is not None:
            check_folder(self.side_by_side.parent, "--side-by-side in")
            check_video(self.side_by_side)
        actor = find_policy(self.task, self.policy, seed=self.seed)
        if actor is None:
            actor = load_policy(self.policy, trusted=self.trusted)
            check_policy(actor, self.task)
        if self.side_by_side is None:
            env = reality(self.task, max_episode_steps=self.steps, render_mode="rgb_array")
            content = demonstrate(env, self.task, actor, episodes=1, steps=self.steps, seed=self.seed, out=self.out)
        else:
            content = self._film_both(actor, self.side_by_side)
        self.write_result(content)

    def _film_both(self, actor: Any, path: Path) -> dict[str, object]:
        from mosim_gym.rl.report import side_by_side, write_side_by_side
        from mosim_gym.robots import load_task

        shown = side_by_side(self.task, actor, steps=self.steps, seed=self.seed, checkpoint=self.checkpoint)
        h = load_task(self.task).robot.control_step
        print(f"wrote {write_side_by_side(path, shown, control_step=h)}")
        return {"squared_error": [float(f"{e:.4g}") for e in shown.errors], "control_step": h}
