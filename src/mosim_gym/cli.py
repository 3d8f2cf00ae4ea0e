"""`mosim-gym`: every stage of the pipeline from the command line. Each command is a dataclass whose fields are its options."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from tyro.conf import OmitSubcommandPrefixes, Positional, arg, subcommand

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import write_atomically

if TYPE_CHECKING:
    from tqdm import tqdm

Seed = Annotated[int, arg(help="Seed of everything random.")]
Out = Annotated[Path, arg(help="Folder for result.json and whatever else is written.")]


def write_result(out: Path, command: object, result: dict[str, Any]) -> None:
    """`out/result.json`: the result, with the command and options that give it again."""
    options = {key: str(value) if isinstance(value, Path) else value for key, value in vars(command).items()}
    content = {"command": type(command).__name__, "options": options, **result}
    path = write_atomically(out / "result.json", json.dumps(content, indent=1) + "\n")
    print(f"wrote {path}")


@dataclass(frozen=True)
class BuildRobot:
    """Build a robot's packaged files from its MJCF: its description with true starts, and a self-contained MJCF."""

    name: Annotated[
        Positional[str], arg(help="A robot of the catalogue, ours or a third party's; `all` for every one.")
    ]
    out: Annotated[Path | None, arg(help="Folder to write to; by default the one the robot's package reads.")] = None

    def run(self) -> None:
        from mosim_gym.robots import find_robot, load_robot, load_task, robot_definitions
        from mosim_gym.robots.building import build_robot

        for name in robot_definitions() if self.name == "all" else [self.name]:
            for path in build_robot(find_robot(name), self.out):
                print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")
        load_robot.cache_clear()
        load_task.cache_clear()


@dataclass(frozen=True)
class Parity:
    """Compare every task with dm_control: observations, rewards, starts, steps, whole episodes."""

    out: Out = Path("runs/parity")
    states: Annotated[int, arg(help="States for each family.")] = 2000
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.parity import parity_report, parity_table

        report = parity_report(n=self.states, seed=self.seed)
        print(parity_table(report))
        write_result(self.out, self, report)


@dataclass(frozen=True)
class Kinematics:
    """Compare forward kinematics with MuJoCo's: exactness and speed for 14 robots."""

    out: Out = Path("runs/kinematics")
    states: Annotated[int, arg(help="Random states for each robot.")] = 4000
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.kinematics import kinematics_report, kinematics_table

        report = kinematics_report(states=self.states, seed=self.seed)
        print(kinematics_table(report))
        write_result(self.out, self, report)


@dataclass(frozen=True)
class Prediction:
    """Measure a checkpoint: open-loop prediction error on random and scripted actions, 1,000-step rollouts, speed; with pictures."""

    checkpoint: Annotated[Positional[str], arg(help="A packaged name such as cheetah, or a file.")]
    out: Out = Path("runs/prediction")
    segments: Annotated[int, arg(help="Test segments.")] = 1000
    steps: Annotated[int, arg(help="Control steps in each.")] = 100
    policies: Annotated[Path | None, arg(help="Folder of trained test policies; else scripted ones.")] = None
    seed: Annotated[int, arg(help="Seed of the test segments; training never uses it.")] = 20_011

    def run(self) -> None:
        from mosim_gym.evaluation.checkpoint_report import (
            checkpoint_report,
            endurance_table,
            speed_table,
            write_pictures,
        )
        from mosim_gym.evaluation.prediction import prediction_table
        from mosim_gym.zoo import load

        simulator = load(self.checkpoint)
        predictors = {self.checkpoint: simulator, "fast": load(self.checkpoint, precision="fast")}
        report = checkpoint_report(
            simulator.robot.name,
            predictors,
            box=simulator.card.get("box"),
            policies=self.policies,
            segments=self.segments,
            steps=self.steps,
            long_segments=self.segments,
            seed=self.seed,
        )
        for part in (prediction_table(report), endurance_table(report), speed_table(report)):
            print(part, end="\n\n" if part else "")
        for path in write_pictures(self.out, simulator.card["name"].replace(":", "-"), report, simulator):
            print(f"wrote {path}")
        write_result(self.out, self, report)


def _advance(bar: tqdm, done: int) -> None:
    bar.update(done - bar.n)


@dataclass(frozen=True)
class Collect:
    """Simulate segments of true motion and keep them on disk. An interrupted collection goes on where it was."""

    robot: Annotated[Positional[str], arg(help="A robot such as cheetah.")]
    out: Out = Path("runs/data")
    segments: Annotated[int, arg(help="How many; one is 40 control steps of recipe coverage, 100 of narrow.")] = 5000
    recipe: Annotated[str, arg(help="Starts and actions: coverage or narrow.")] = "coverage"
    seed: Seed = 0

    def run(self) -> None:
        from tqdm import tqdm

        from mosim_gym.data.dataset import collect_dataset

        if self.segments < 1:
            raise ValueError(f"{self.segments} segments cannot be collected; ask for at least one.")
        with tqdm(total=self.segments, desc=self.robot, unit="segment", disable=None) as bar:
            dataset = collect_dataset(
                self.robot,
                self.out,
                segments=self.segments,
                recipe=self.recipe,
                seed=self.seed,
                report=lambda done: _advance(bar, done),
            )
        dropped = dataset.manifest["dropped"]
        print(
            f"{dataset.transitions} control steps of {self.robot} in {self.out}; {dropped} unstable segments left out"
        )


@dataclass(frozen=True)
class Combine:
    """Make one ensemble of several checkpoints of one robot, trained alike from different seeds."""

    checkpoints: Annotated[Positional[tuple[Path, ...]], arg(help="Checkpoint files, one for each member.")]
    install: Annotated[bool, arg(help="Make it the packaged checkpoint if its benchmark is better.")] = False
    out: Out = Path("runs/combine")

    def run(self) -> None:
        from mosim_gym.training.run import combine, score

        outcome = combine(list(self.checkpoints), folder=self.out, install=self.install)
        kept = ", now the packaged one" if outcome.installed else ""
        print(f"{outcome.card['name']}: raw MSE over 16 steps {score(outcome.card):.3g}; wrote {outcome.path}{kept}")


@dataclass(frozen=True)
class Train:
    """Learn how a robot moves: data, model, benchmark and checkpoint, in a given time. An interrupted run goes on where it was."""

    robot: Annotated[Positional[str | None], arg(help="A robot such as cheetah; leave out with --all.")] = None
    all: Annotated[bool, arg(help="Every robot in turn, the budget divided among them.")] = False
    budget: Annotated[str, arg(help="Time for training, for example 90s, 20m or 1.5h.")] = "20m"
    preset: Annotated[str | None, arg(help="Model preset; by default the one that suits the robot.")] = None
    members: Annotated[int, arg(help="Ensemble members, trained together.")] = 1
    recipe: Annotated[str, arg(help="Where the data come from: coverage or narrow.")] = "coverage"
    data: Annotated[Path | None, arg(help="A dataset of `mosim-gym collect` instead of fresh simulations.")] = None
    variant: Annotated[str | None, arg(help="Variant in the checkpoint's name, as in cheetah:narrow.")] = None
    device: Annotated[str, arg(help="Where to train: cpu or cuda.")] = "cpu"
    install: Annotated[bool, arg(help="Make it the packaged checkpoint if its benchmark is better.")] = False
    out: Out = Path("runs/train")
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.data.dataset import open_dataset
        from mosim_gym.training.run import score, seconds, train_all, train_checkpoint, trainable_robots

        if self.all == (self.robot is not None):
            raise ValueError("Name one robot, or give --all.")
        if self.robot is None:
            if self.data is not None or self.preset is not None or self.variant is not None:
                raise ValueError("--data, --preset and --variant are for one robot; name it.")
            outcomes = train_all(
                trainable_robots(),
                budget=seconds(self.budget),
                folder=self.out,
                members=self.members,
                seed=self.seed,
                device=self.device,
                install=self.install,
            )
        else:
            outcomes = [
                train_checkpoint(
                    self.robot,
                    budget=seconds(self.budget),
                    folder=self.out / self.robot,
                    preset_name=self.preset,
                    members=self.members,
                    seed=self.seed,
                    recipe=self.recipe,
                    variant=self.variant,
                    device=self.device,
                    dataset=None if self.data is None else open_dataset(self.data, robot=self.robot),
                    install=self.install,
                )
            ]
        for outcome in outcomes:
            kept = ", now the packaged one" if outcome.installed else ""
            error = score(outcome.card)
            print(f"{outcome.card['name']}: raw MSE over 16 steps {error:.3g}; wrote {outcome.path}{kept}")
        write_result(self.out, self, {"cards": {outcome.card["name"]: outcome.card for outcome in outcomes}})


@dataclass(frozen=True)
class Evaluate:
    """Measure, against the simulator or dm_control."""

    what: (
        Annotated[Parity, subcommand("parity")]
        | Annotated[Kinematics, subcommand("kinematics")]
        | Annotated[Prediction, subcommand("prediction")]
    )  # fmt: skip

    def run(self) -> None:
        self.what.run()


@dataclass(frozen=True)
class ZeroShot:
    """Train a policy inside the robot's model with SB3, then play it in the real task once. An interrupted run goes on where it was."""

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    algo: Annotated[
        Literal["sac", "tqc"] | None, arg(help="SB3's SAC or sb3-contrib's TQC; by default the task's.")
    ] = None
    budget: Annotated[str, arg(help="Time for training, for example 30m.")] = "30m"
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    episodes: Annotated[int, arg(help="Real episodes to play at the end.")] = 10
    shimmy: Annotated[int, arg(help="Real episodes to play through plain Shimmy as well.")] = 0
    out: Out = Path("runs/zero-shot")
    seed: Seed = 0

    def run(self) -> None:
        from tqdm import tqdm

        from mosim_gym.rl.report import real_return, shimmy_return, write_pictures
        from mosim_gym.rl.zero_shot import config_for, zero_shot
        from mosim_gym.training.run import seconds

        budget = seconds(self.budget)
        layout = "{desc} {percentage:3.0f}%|{bar}| {elapsed} {postfix}"
        with tqdm(total=1000, desc=self.task, bar_format=layout, disable=None) as bar:

            def show(state: dict[str, float]) -> None:
                _advance(bar, min(1000, int(1000 * state["seconds"] / budget)))
                latest, best = state["return_in_model"], state["best"]
                bar.set_postfix_str(f"{state['steps']:,} steps, return in the model {latest:.0f}, best {best:.0f}")

            config = config_for(self.task, algo=self.algo, seed=self.seed)
            result = zero_shot(
                self.task, config, budget=budget, folder=self.out, checkpoint=self.checkpoint, report=show
            )
        real = real_return(self.task, result.policy, episodes=self.episodes)
        print(f"return in the model {result.record['best']:.1f}; real return {real}")
        content = {"policy": result.policy.card, "curve": result.curve, "real": real.summary()}
        if self.shimmy:
            through = shimmy_return(self.task, result.policy, episodes=self.shimmy)
            print(f"through Shimmy {through}")
            content["shimmy"] = through.summary()
        for path in write_pictures(
            self.task, result.policy, [result.curve], real, self.out, checkpoint=self.checkpoint
        ):
            print(f"wrote {path}")
        write_result(self.out, self, content)


@dataclass(frozen=True)
class PolicyTest:
    """Play a trained policy in the real task, and in the model."""

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    policy: Annotated[Path, arg(help="An SB3 zip, or a file that zero-shot wrote.")]
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    episodes: Annotated[int, arg(help="Real episodes.")] = 50
    shimmy: Annotated[int, arg(help="Real episodes to play through plain Shimmy as well.")] = 0
    out: Out = Path("runs/policy")
    seed: Annotated[int, arg(help="Seed of the first episode.")] = 1000

    def run(self) -> None:
        from mosim_gym.rl.policies import check_policy, load_policy
        from mosim_gym.rl.report import real_return, shimmy_return
        from mosim_gym.rl.zero_shot import returns_in_model

        policy = load_policy(self.policy)
        check_policy(policy, self.task)
        imagined = returns_in_model(self.task, policy, checkpoint=self.checkpoint)
        real = real_return(self.task, policy, episodes=self.episodes, seed=self.seed)
        members = ", ".join(f"{value:.1f}" for value in imagined.mean(axis=1))
        print(f"return in the model's members {members}; real return {real}")
        content = {"policy": getattr(policy, "card", {}), "in_model": imagined.tolist(), "real": real.summary()}
        if self.shimmy:
            through = shimmy_return(self.task, policy, episodes=self.shimmy, seed=self.seed)
            print(f"through Shimmy {through}")
            content["shimmy"] = through.summary()
        write_result(self.out, self, content)


@dataclass(frozen=True)
class Rl:
    """Train policies inside a model, and see what they are worth in reality."""

    how: Annotated[ZeroShot, subcommand("zero-shot")] | Annotated[PolicyTest, subcommand("evaluate")]

    def run(self) -> None:
        self.how.run()


@dataclass(frozen=True)
class Info:
    """Describe a task, a robot, or (without a name) list everything there is."""

    name: Annotated[Positional[str | None], arg(help="A task such as CheetahRun or a robot such as cheetah.")] = None

    def run(self) -> None:
        from mosim_gym.evaluation.describe import describe_everything, describe_robot, describe_task
        from mosim_gym.robots import robot_definitions, tasks

        if self.name is None:
            print(describe_everything())
        elif self.name in robot_definitions() and self.name not in tasks():
            print(describe_robot(self.name))
        else:
            print(describe_task(self.name))


@dataclass(frozen=True)
class Render:
    """Film a scripted policy in the real task."""

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    policy: Annotated[Literal["scripted", "random"], arg(help="Which policy acts.")] = "scripted"
    out: Out = Path("runs/render")
    steps: Annotated[int, arg(help="Control steps to film.")] = 300
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.demonstration import demonstrate

        write_result(
            self.out,
            self,
            demonstrate(self.task, self.policy, episodes=1, steps=self.steps, seed=self.seed, out=self.out),
        )


@dataclass(frozen=True)
class Demo:
    """Run a scripted policy in the true task: returns, a plot and a video."""

    out: Out = Path("runs/demo")
    task: Annotated[str, arg(help="The task.")] = "CheetahRun"
    episodes: Annotated[int, arg(help="Episodes to average over.")] = 5
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.demonstration import demonstrate

        result = demonstrate(self.task, "scripted", episodes=self.episodes, steps=1000, seed=self.seed, out=self.out)
        write_result(self.out, self, result)


Command = (
    Annotated[BuildRobot, subcommand("build-robot")]
    | Annotated[Collect, subcommand("collect")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Combine, subcommand("combine")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Rl, subcommand("rl")]
    | Annotated[Render, subcommand("render")]
    | Annotated[Info, subcommand("info")]
    | Annotated[Demo, subcommand("demo")]
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse `arguments` (the command line's by default) and run; faults of the input end in one sentence and exit code 2."""
    command = tyro.cli(
        OmitSubcommandPrefixes[Command],
        prog="mosim-gym",
        args=arguments,
        description="Learn how a robot moves; train policies inside.",
    )
    try:
        command.run()
    except (UnknownName, ValueError, OSError) as error:
        print(f"mosim-gym: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        print("mosim-gym: interrupted", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
