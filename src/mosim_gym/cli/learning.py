"""`train`: from simulated or logged motion of a robot to a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Reported, Seed, Workers, say_continued

if TYPE_CHECKING:
    from mosim_gym.training.installing import Outcome


@dataclass(frozen=True)
class Train(Reported):
    """Train a model of a robot's motion in a given time: data, model, benchmark and checkpoint. An interrupted run continues.

    With --robot, or where --data are logs, it learns from logs alone.
    """

    robot: Annotated[
        Positional[str | None], arg(help="A robot such as cheetah; leave out with --all and with --robot.")
    ] = None
    logged: Annotated[
        str | None,
        arg(name="robot", help="Whose motion logs in --data are: a packaged robot, or an MJCF or URDF file."),
    ] = None
    timestep: Annotated[
        float | None,
        arg(help="Control step of a robot from a file, s; by default the time from row to row in the logs."),
    ] = None
    columns: Annotated[Path | None, arg(help="TOML file from our names to those of the logs, as for import.")] = None
    memory: Annotated[
        int | None, arg(help="Of logs: commands before the present one that are inputs; by default by the lag.")
    ] = None
    density: Annotated[
        bool,
        arg(
            help="Of logs: fit a density of their motion, too, which the checkpoint holds for the penalty of that name."
        ),
    ] = False
    known: Annotated[
        str | None,
        arg(
            help="Of logs: inertia takes masses and gravity from the robot's description; simulation learns MuJoCo's motion of the robot's "
            "file first, or has --start know it, and then what it leaves; by default nothing."
        ),
    ] = None
    all: Annotated[bool, arg(help="Train every robot in turn; the budget is divided among them.")] = False
    budget: Annotated[str, arg(help="Time for training, for example 90s, 20m or 1.5h.")] = "20m"
    preset: Annotated[str | None, arg(help="Model preset; by default the robot's own.")] = None
    members: Annotated[
        int | None, arg(help="Ensemble members, trained together; by default 1, and 3 where logs are learned.")
    ] = None
    recipe: Annotated[
        str | None,
        arg(
            help="Where the data come from: mixed, coverage, narrow or uniform; by default mixed for robots that touch something, else "
            "coverage."
        ),
    ] = None
    data: Annotated[
        Path | None,
        arg(help="A dataset of `mosim-gym collect` instead of fresh simulations, imported logs, or what import reads."),
    ] = None
    start: Annotated[
        str | None, arg(help="Refine this checkpoint, a packaged name or a path, through rollouts of several steps.")
    ] = None
    rate: Annotated[
        float | None,
        arg(
            help="Refine at this share of ordinary training's rates, by default 0.1; a shorter time needs a lower rate."
        ),
    ] = None
    horizon: Annotated[
        int | None,
        arg(
            help="Control steps of the longest rollouts that refining, or a stage multistep, learns from; by default 8."
        ),
    ] = None
    stages: Annotated[
        str | None,
        arg(
            help="Stages in order, such as predictor,corrector; predictor:0.2 has that share of the time, predictor:converged ends "
            "when it learns no more."
        ),
    ] = None
    loss: Annotated[
        str,
        arg(
            help="What --stages learn single steps by: direct, or solver for the next state as the preset's solver reaches it."
        ),
    ] = "direct"
    variant: Annotated[str | None, arg(help="Variant in the checkpoint's name, as in cheetah:narrow.")] = None
    device: Annotated[str, arg(help="Where to train: cpu or cuda.")] = "cpu"
    install: Annotated[bool, arg(help="Make it the packaged checkpoint if its benchmark is better.")] = False
    workers: Workers = None
    out: Out = Path("runs/train")
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.cli.from_logs import learns_logs, train_on_logs
        from mosim_gym.mechanics.durations import seconds
        from mosim_gym.training.installing import score
        from mosim_gym.training.run import train_all, trainable_robots

        if self.workers is not None and (self.all or learns_logs(self) or (self.members or 1) < 2):
            raise ValueError(
                "--workers is for the members of one simulated robot: give its name and --members 2 or more."
            )
        if self.workers is not None and self.device != "cpu":
            raise ValueError("--workers trains each member on one core; leave --device out.")
        if learns_logs(self):
            self.write_result({"card": train_on_logs(self)})
            return
        members = self.members or 1
        if self.stages is None and self.loss != "direct":
            raise ValueError("--loss is for --stages; name them, too.")
        if self.all == (self.robot is not None):
            raise ValueError("Name one robot, or give --all.")
        if self.robot is None:
            for_one = (
                self.data,
                self.horizon,
                self.preset,
                self.recipe,
                self.start,
                self.rate,
                self.stages,
                self.variant,
            )
            if any(choice is not None for choice in for_one):
                raise ValueError(
                    "--data, --horizon, --preset, --rate, --recipe, --stages, --start and --variant are for one robot; name it."
                )
            outcomes = train_all(
                trainable_robots(),
                budget=seconds(self.budget),
                folder=self.out,
                members=members,
                seed=self.seed,
                device=self.device,
                install=self.install,
            )
        else:
            say_continued(self.out / self.robot)
            outcomes = [self._trained(self.robot, members)]
        for outcome in outcomes:
            kept = ", now the packaged one" if outcome.installed else ""
            error = score(outcome.card)
            print(f"{outcome.card['name']}: raw MSE over 16 steps {error:.3g}; wrote {outcome.path}{kept}")
        self.write_result({"cards": {outcome.card["name"]: outcome.card for outcome in outcomes}})

    def _trained(self, robot: str, members: int) -> Outcome:
        """The checkpoint of one simulated robot: all members together, or with workers one by one."""
        from mosim_gym.adapters.ray import executor
        from mosim_gym.data.dataset import open_dataset
        from mosim_gym.mechanics.durations import seconds
        from mosim_gym.training.config import read_stages
        from mosim_gym.training.members import train_members
        from mosim_gym.training.run import train_checkpoint

        options: dict[str, Any] = {
            "budget": seconds(self.budget),
            "folder": self.out / robot,
            "preset_name": self.preset,
            "recipe": self.recipe,
            "variant": self.variant,
            "device": self.device,
            "dataset": None if self.data is None else open_dataset(self.data, robot=robot),
            "start": self.start,
            "rate": self.rate,
            "horizon": self.horizon,
            "stages": None if self.stages is None else read_stages(self.stages, loss=self.loss),
            "install": self.install,
        }
        if self.workers is None:
            return train_checkpoint(robot, members=members, seed=self.seed, **options)
        seeds = range(self.seed, self.seed + members)
        return train_members(robot, seeds, workers=executor(self.workers), **options)
