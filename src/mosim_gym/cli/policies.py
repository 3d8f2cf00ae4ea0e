"""`rl`: policies trained in a model, and what they are worth in reality."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg, subcommand

from mosim_gym.cli.common import RESULT, Out, Reported, Seed, Trusted, advance
from mosim_gym.cli.progress import Progress, clock

TRAINED = RESULT, "state.safetensors"
SHOWN = "learning.png", "policy.mp4", "prediction.mp4", "strip.png"


def standing(state: Mapping[str, float]) -> tuple[float, str]:
    """How far a run in the model has come, as a share of the limit that is nearer, and in words."""
    latest, limit = state["return_in_model"], state.get("stop_at")
    share, known = state["seconds"] / state["budget"], not math.isnan(latest)
    if limit is not None and known:
        share = max(share, latest / limit)
    seen = f"return in the model {latest:.0f}" if known else "return in the model –"
    until = "" if limit is None else f" of {limit:g}"
    time = f"{clock(state['seconds'])} of {clock(state['budget'])}"
    return share, f"{seen}{until}, time {time}, {state['steps']:,.0f} steps"


def train_and_show(
    task: str,
    *,
    algo: str | None,
    budget: str,
    stop_at: float | None,
    checkpoint: str | None,
    episodes: int,
    shimmy: int,
    out: Path,
    seed: int,
    judge: str | None = None,
    set: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Zero-shot training with a progress bar, then real episodes, plots and videos; everything worth noting about it."""
    from mosim_gym.evaluation.learning_plots import chosen_point
    from mosim_gym.rl.accounting import said_of_training
    from mosim_gym.rl.report import check_episodes, real_return, shimmy_return, write_pictures
    from mosim_gym.rl.strategies.zero_shot import typed_config, zero_shot
    from mosim_gym.training.run import seconds

    time = seconds(budget)
    config = typed_config(task, algo, seed=seed, settings=set)
    check_episodes(task, episodes, shimmy)
    with Progress(task) as progress:
        result = zero_shot(
            task,
            config,
            budget=time,
            stop_at=stop_at,
            judge=judge,
            folder=out,
            checkpoint=checkpoint,
            report=lambda state: progress.show(*standing(state)),
        )
    real = real_return(task, result.policy, episodes=episodes)
    card = result.policy.card
    if card["real_steps"]:
        print(said_of_training(card))
    print(f"return in {card['trained_in']} {chosen_point(result.curve)['return_in_model']:.1f}; real return {real}")
    content = {"policy": card, "curve": result.curve, "real": real.summary()}
    if shimmy:
        through = shimmy_return(task, result.policy, episodes=shimmy)
        print(f"through Shimmy {through}")
        content["shimmy"] = through.summary()
    for path in write_pictures(task, result.policy, [result.curve], real, out, checkpoint=checkpoint):
        print(f"wrote {path}")
    return content


@dataclass(frozen=True)
class ZeroShot(Reported):
    """Train a policy inside the robot's model with SB3, then play it in the real task once. An interrupted run goes on where it was."""

    files, traces = SHOWN, TRAINED

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    algo: Annotated[
        str | None,
        arg(
            help="sac (SB3's), tqc (sb3-contrib's), shac (gradients through the model), or another package's; by default the task's."
        ),
    ] = None
    budget: Annotated[str, arg(help="Time for training, for example 30m.")] = "30m"
    stop_at: Annotated[
        float | None, arg(help="End the training before, when the return in the model is this high.")
    ] = None
    judge: Annotated[
        str | None,
        arg(help="Another model to evaluate in, which chooses the policy; by default the one of --checkpoint."),
    ] = None
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    episodes: Annotated[int, arg(help="Real episodes to play at the end.")] = 10
    shimmy: Annotated[int, arg(help="Real episodes to play through plain Shimmy as well.")] = 0
    set: Annotated[
        tuple[str, ...], arg(help="Other settings than the task's defaults, such as updates=16 rate=3e-4.")
    ] = ()
    out: Out = Path("runs/zero-shot")
    seed: Seed = 0

    def run(self) -> None:
        self.write_result(train_and_show(**vars(self)))


def learn_and_show(run: FewShotRun | OnPolicyRun, learn: Callable[..., Any]) -> None:
    """A strategy that takes real steps: `learn(report)` with a progress bar, then real episodes, a plot and videos."""
    from tqdm import tqdm

    from mosim_gym.evaluation.learning_plots import real_steps_plot
    from mosim_gym.evaluation.published import levels_after_100_000
    from mosim_gym.rl.report import check_episodes, real_return, write_films

    check_episodes(run.task, run.episodes)
    with tqdm(total=run.real_steps, desc=run.task, unit="real steps", disable=None) as bar:

        def show(state: dict[str, float]) -> None:
            advance(bar, int(state["real_steps"]))
            bar.set_postfix_str(f"return {state['return']:.0f}, of the last episode {state['training_return']:.0f}")

        result = learn(real_steps=run.real_steps, folder=run.out, report=show)
    card = result.policy.card
    real = real_return(run.task, result.policy, episodes=run.episodes)
    print(f"after {card['real_steps']:,} real steps: real return {real}")
    title, levels = f"{run.task}, {card['strategy']}", levels_after_100_000(run.task)
    plot = real_steps_plot(run.out / "learning.png", [result.record.curve], title=title, levels=levels)
    for path in (plot, *write_films(run.task, result.policy, run.out, checkpoint=result.model)):
        print(f"wrote {path}")
    run.write_result({"policy": card, "returns": result.returns, "real": real.summary()})


@dataclass(frozen=True)
class FewShotRun(Reported):
    """Let a model that knows other motion, and a policy in it, learn from few real steps. An interrupted run goes on where it was."""

    files, traces = SHOWN, TRAINED

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    algo: Annotated[
        str | None, arg(help="sac (SB3's), tqc (sb3-contrib's), shac, or another package's; by default the schedule's.")
    ] = None
    schedule: Annotated[
        str | None,
        arg(
            help="gradients (the default): SHAC on episodes from real states; branches (with SAC or TQC): short ones; paper: 1,000 "
            "real steps for 5,000 in the model; frozen: gradients in a model that stays as it is."
        ),
    ] = None
    checkpoint: Annotated[
        str | None, arg(help="The model to start from, such as cheetah:narrow; by default the robot's packaged one.")
    ] = None
    real_steps: Annotated[int, arg(help="Real control steps in all.")] = 50_000
    episodes: Annotated[int, arg(help="Real episodes to play at the end, which nothing is learned from.")] = 10
    set: Annotated[
        tuple[str, ...],
        arg(help="Other settings than the schedule's and its learner's, such as branch=50 pretraining_share=0."),
    ] = ()
    out: Out = Path("runs/few-shot")
    seed: Seed = 0

    def run(self) -> None:
        from functools import partial

        from mosim_gym.rl.flat_settings import as_changes, with_options
        from mosim_gym.rl.strategies.few_shot import config_for_schedule, few_shot

        known = config_for_schedule(self.schedule, algo=self.algo)
        changes = with_options(as_changes(self.set, known), algo=self.algo, seed=self.seed)
        config = config_for_schedule(self.schedule, **changes)
        learn_and_show(self, partial(few_shot, self.task, config, checkpoint=self.checkpoint))


@dataclass(frozen=True)
class OnPolicyRun(Reported):
    """Learn model and policy together from nothing, counting every real step. An interrupted run goes on where it was."""

    files, traces = SHOWN, TRAINED

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    algo: Annotated[
        str | None, arg(help="sac (SB3's), tqc (sb3-contrib's), shac, or another package's; by default the schedule's.")
    ] = None
    schedule: Annotated[
        str | None,
        arg(
            help="gradients (the default): an ensemble, and SHAC on episodes from real states; branches (with SAC or TQC): short ones; "
            "paper: one-step predictions."
        ),
    ] = None
    real_steps: Annotated[int, arg(help="Real control steps in all.")] = 100_000
    episodes: Annotated[int, arg(help="Real episodes to play at the end, which nothing is learned from.")] = 10
    set: Annotated[
        tuple[str, ...], arg(help="Other settings than the schedule's and its learner's, such as branch=50.")
    ] = ()
    out: Out = Path("runs/on-policy")
    seed: Seed = 0

    def run(self) -> None:
        from functools import partial

        from mosim_gym.rl.flat_settings import as_changes, with_options
        from mosim_gym.rl.strategies.on_policy import config_for_schedule, on_policy

        known = config_for_schedule(self.schedule, algo=self.algo)
        changes = with_options(as_changes(self.set, known), algo=self.algo, seed=self.seed)
        learn_and_show(self, partial(on_policy, self.task, config_for_schedule(self.schedule, **changes)))


@dataclass(frozen=True)
class PolicyTest(Reported):
    """Play a trained policy in the real task, and in the model."""

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    policy: Annotated[
        Path, arg(help="A file that zero-shot wrote, or an SB3 zip, of which the weights alone are read.")
    ]
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    episodes: Annotated[int, arg(help="Real episodes.")] = 50
    shimmy: Annotated[int, arg(help="Real episodes to play through plain Shimmy as well.")] = 0
    trusted: Trusted = False
    out: Out = Path("runs/policy")
    seed: Annotated[int, arg(help="Seed of the first episode.")] = 1000

    def run(self) -> None:
        from mosim_gym.mechanics.provenance import provenance
        from mosim_gym.rl.judging import outside_model_of, returns_in_model
        from mosim_gym.rl.policies import ActorPolicy, check_policy, load_policy
        from mosim_gym.rl.report import check_episodes, real_return, shimmy_return

        check_episodes(self.task, self.episodes, self.shimmy)
        policy = load_policy(self.policy, trusted=self.trusted)
        check_policy(policy, self.task)
        card = policy.card if isinstance(policy, ActorPolicy) else {}
        imagined = returns_in_model(self.task, policy, checkpoint=self.checkpoint, outside_model=outside_model_of(card))
        real = real_return(self.task, policy, episodes=self.episodes, seed=self.seed)
        trained_for = card.get("task", self.task)
        if trained_for != self.task:
            print(f"note: this policy was trained for {trained_for}")
        members = ", ".join(f"{row.mean():.1f} ± {row.std():.1f}" for row in imagined)
        print(f"return in the model's members, {imagined.shape[1]} episodes each: {members}; real return {real}")
        content = {"policy": card, "in_model": imagined.tolist(), "real": real.summary()}
        content["provenance"] = provenance(seeds=[self.seed])
        if self.shimmy:
            through = shimmy_return(self.task, policy, episodes=self.shimmy, seed=self.seed)
            print(f"through Shimmy {through}")
            content["shimmy"] = through.summary()
        self.write_result(content)


@dataclass(frozen=True)
class Rl:
    """Train policies inside a model, and see what they are worth in reality."""

    how: (
        Annotated[ZeroShot, subcommand("zero-shot")]
        | Annotated[FewShotRun, subcommand("few-shot")]
        | Annotated[OnPolicyRun, subcommand("on-policy")]
        | Annotated[PolicyTest, subcommand("evaluate")]
    )

    def run(self) -> None:
        self.how.run()
