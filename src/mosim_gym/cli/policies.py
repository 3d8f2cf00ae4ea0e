"""`rl`: trains policies by a strategy, and plays them in reality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

from tyro.conf import Positional, arg, subcommand

from mosim_gym.cli.common import RESULT, STATE, Out, Reported, Seed, Trusted, say_continued
from mosim_gym.mechanics.progress import Progress

if TYPE_CHECKING:
    from mosim_gym.rl.strategies.base import Strategy

POLICY = "policy.safetensors"
TRAINED = RESULT, STATE
SHOWN = "learning.png", "policy.mp4", "prediction.mp4", "strip.png"


def train_and_show(
    strategy: Strategy,
    task: str,
    options: Any,
    *,
    algo: str | None,
    episodes: int,
    shimmy: int,
    out: Path,
    seed: int,
    settings: Sequence[str] = (),
) -> dict[str, object]:
    """Train with a progress bar, then play real episodes and write plots and videos. Returns the content of the result file."""
    from mosim_gym.rl.report import check_episodes, real_return, shimmy_return, write_pictures

    check_episodes(task, episodes, shimmy)
    config = strategy.config(task, algo, seed, settings, options)
    say_continued(out)
    with Progress(task) as progress:

        def show(state: dict[str, float]) -> None:
            standing = strategy.standing(state)
            progress.show(standing.share, standing.text)

        learned = strategy.learn(task, config, options, out, show)
        progress.end()
    real = real_return(task, learned.policy, episodes=episodes)
    print(f"{learned.summary}; real return {real}")
    if not (out / POLICY).exists():
        learned.policy.save(out / POLICY)
    content: dict[str, object] = {
        "policy": learned.policy.card,
        "curve": learned.curve,
        "real": real.summary(),
        **learned.notes,
    }
    if shimmy:
        through = shimmy_return(task, learned.policy, episodes=shimmy)
        print(f"through Shimmy {through}")
        content["shimmy"] = through.summary()
    for path in write_pictures(task, learned.policy, [learned.curve], real, out, checkpoint=learned.dynamics):
        print(f"wrote {path}")
    return content


@cache
def strategy_command(name: str) -> type:
    """The command `rl NAME` of a registered strategy, with its own options and those that all strategies have."""
    from mosim_gym.rl.strategies.base import STRATEGIES

    kind = STRATEGIES.find(name)
    own = [
        (item.name, Annotated[item.type, arg(help=item.metadata.get("help", ""))], field(default=item.default))
        for item in fields(kind.options)
    ]
    learners = f"The learner: {', '.join(kind.learners())}; by default the strategy's choice."

    def run(self: Any) -> None:
        options = kind.options(**{option: getattr(self, option) for option, *_ in own})
        self.write_result(
            train_and_show(
                kind(), self.task, options,
                algo=self.algo, episodes=self.episodes, shimmy=self.shimmy, out=self.out, seed=self.seed, settings=self.set,
            )
        )  # fmt: skip

    return make_dataclass(
        kind.__name__,
        [
            ("task", Annotated[Positional[str], arg(help="A task such as CheetahRun.")]),
            ("algo", Annotated[str | None, arg(help=learners)], None),
            *own,
            (
                "episodes",
                Annotated[int, arg(help="Real episodes to play at the end; nothing is learned from them.")],
                10,
            ),
            ("shimmy", Annotated[int, arg(help="Real episodes to play through plain Shimmy as well.")], 0),
            (
                "set",
                Annotated[
                    tuple[str, ...],
                    arg(help="Settings of the strategy and of its learner, such as updates=16 rate=3e-4."),
                ],
                (),
            ),
            ("out", Out, Path("runs") / name),
            ("seed", Seed, 0),
        ],
        bases=(Reported,),
        namespace={
            "__doc__": kind.summary,
            "run": run,
            "files": SHOWN,
            "traces": TRAINED,
        },
        frozen=True,
    )


@dataclass(frozen=True)
class PolicyTest(Reported):
    """Play a trained policy in the real task, and in the model."""

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    policy: Annotated[
        Path, arg(help="A policy's file of this package, or an SB3 zip, of which only the weights are read.")
    ]
    checkpoint: Annotated[str | None, arg(help="The model; by default the robot's packaged one.")] = None
    episodes: Annotated[int, arg(help="Real episodes.")] = 50
    shimmy: Annotated[int, arg(help="Real episodes to play through plain Shimmy as well.")] = 0
    trusted: Trusted = False
    out: Out = Path("runs/policy")
    seed: Annotated[int, arg(help="Seed of the first episode.")] = 1000

    def run(self) -> None:
        from mosim_gym.adapters.policy_files import check_policy, load_policy
        from mosim_gym.mechanics.provenance import provenance
        from mosim_gym.policies.actor import ActorPolicy
        from mosim_gym.rl.report import check_episodes, real_return, shimmy_return
        from mosim_gym.rl.strategies.judging import outside_model_of, returns_in_model

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
    """Train policies inside a model, and play them in reality."""


@cache
def rl_command() -> type:
    """`Rl` with a subcommand for each registered strategy. Strategies are loaded here, and not at every start of the program."""
    from mosim_gym.rl.strategies.base import STRATEGIES

    how = [Annotated[strategy_command(name), subcommand(name)] for name in STRATEGIES.names()]
    how.append(Annotated[PolicyTest, subcommand("evaluate")])
    return make_dataclass(
        "Rl",
        [("how", Union[tuple(how)])],  # noqa: UP007  # as many as there are
        namespace={"__doc__": Rl.__doc__, "run": lambda self: self.how.run()},
        frozen=True,
    )
