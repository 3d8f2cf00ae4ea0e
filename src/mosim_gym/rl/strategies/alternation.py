"""The loop of few-shot and of on-policy learning: model and policy learn in turn, and every real step is counted.

Each round is

    (updates of the model  →  branches in the model, updates of the policy) × `slices`  →  real steps by the policy

Branches are short episodes in the model that begin in real states. The model learns from all real steps so far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.interruption import interruptible
from mosim_gym.mechanics.numbers import whole_number
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.settings import check_settings, setting
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.base import LEARNERS, Learner, LearnerConfig, check_held, make_learner
from mosim_gym.rl.learners.sb3_internals import tensorboard
from mosim_gym.rl.learners.shac import ShacConfig
from mosim_gym.rl.report import real_return
from mosim_gym.rl.run import POLICY, ROBOT, Run, RunRecord
from mosim_gym.rl.strategies.accounting import card_of_real_steps
from mosim_gym.rl.strategies.base import Report
from mosim_gym.rl.strategies.derived_world import DerivedWorld
from mosim_gym.rl.strategies.model_learner import ModelLearner
from mosim_gym.rl.strategies.model_penalty import NO_PENALTY, USUAL_SCALE, check_penalty, penalties_of
from mosim_gym.rl.strategies.real_robot import RealRobot
from mosim_gym.rl.strategies.real_world import Act, RealWorld, steps_taken
from mosim_gym.robots import Task

SHAC_ON_BRANCHES = ShacConfig(critic_passes=8)
SAVE_EVERY = 1_000
"""The number of real steps between two saves, if rounds are shorter than that."""


@dataclass(frozen=True)
class AlternationConfig(ChecksArguments):
    """The settings of the loop. `random_steps` random real steps come first. Then each round has these parts:

    - `model_updates` updates of the model on batches of `model_batch` transitions, at the rates of ordinary training times `model_rate`;
    - `virtual_steps` steps of `branches` episodes side by side in the model, of `branch` steps each, in which `learner` learns;
    - `round_steps` real steps in `real_envs` environments.

    The first two parts alternate in `slices` equal slices.

    With `forward="real"` there are no branches. `learner`, which must climb a gradient, makes the real steps itself, and the gradient is
    taken along them by the derivatives of the model.

    `penalty` is taken off the rewards in the model, and `threshold_scale` belongs to densities, as in zero-shot training. The disagreement
    of the model's members is measured by its quantile over all real steps so far.
    """

    learner: LearnerConfig = SHAC_ON_BRANCHES
    forward: str = setting("model", choices=("model", "real"))
    real_envs: int = setting(4, above=0, most=10_000)
    random_steps: int = setting(1_000, above=0, most=10**9)
    round_steps: int = setting(1_000, above=0, most=10**9)
    slices: int = setting(1, above=0, most=1_000_000)
    model_updates: int = setting(350, least=0, most=1_000_000)
    model_batch: int = setting(512, above=0, most=1_000_000)
    model_rate: float = setting(1.0, above=0, most=1_000)
    branches: int = setting(128, above=0, most=1_000_000)
    branch: int = setting(100, above=0, most=1_000_000)
    virtual_steps: int = setting(960, above=0, most=1_000_000)
    evaluate_every: int = setting(10_000, above=0, most=10**12)  # real steps
    episodes: int = setting(
        5, above=0, most=10_000
    )  # of an evaluation, which nothing is learned from and which do not count
    penalty: str = NO_PENALTY
    threshold_scale: float = setting(USUAL_SCALE, above=0, most=1_000)
    seed: int = setting(0, seed=True)

    def __post_init__(self) -> None:
        """Raise for values that no run could have."""
        check_settings(self)
        check_penalty(self.penalty, self.threshold_scale)
        if self.forward == "real" and self.penalty != NO_PENALTY:
            raise ValueError(
                f"penalty is {self.penalty} with forward real; a penalty is taken off rewards in the model: leave it out."
            )
        if self.forward == "real" and not LEARNERS.find(self.learner.algo).needs_gradients:
            raise ValueError(
                f"forward is real with {self.learner.algo}; only a learner that climbs a gradient needs that, such as shac."
            )


@dataclass
class AlternationResult:
    """The last policy, the run's record with the `curve` of evaluations, the final model, and `returns`: for each whole episode of training
    the count of real steps at its end, and its return.
    """

    policy: ActorPolicy
    record: RunRecord
    model: Simulator
    returns: list[tuple[int, float]]


def alternate(
    task: str | RealRobot,
    config: AlternationConfig,
    make_model: Callable[[RealWorld], ModelLearner],
    prepare: Callable[[ModelLearner], None],
    *,
    strategy: str,
    model: str,
    real_steps: int,
    folder: str | Path,
    memory: int = 0,
    report: Report = lambda _: None,
) -> AlternationResult:
    """Learn `task`, or the task of a robot, from `real_steps` real control steps, rounded to a multiple of `real_envs`.

    An interrupted run continues. Where a robot stops answering, the run is saved with all steps so far, and `RobotSilent` is raised.

    `make_model` makes the model's learner. `prepare` trains it on the first real steps, before the first round. `model` is the identity of
    the model in the run's record. `memory` is the number of commands before the present one that the model reads.
    """
    c = config
    check(task, c, real_steps)
    run = Run(Path(folder), RunRecord(strategy, identity_of(task), asdict(c), model))
    real_steps = steps_taken(real_steps, c.real_envs)
    kind = DerivedWorld if c.forward == "real" else RealWorld
    world = kind(task, c.real_envs, seed=c.seed, memory=memory)
    learner = make_model(world)
    run.add("world", world)
    run.add("model", learner)
    first = steps_taken(c.random_steps, c.real_envs)
    if world.steps < first:
        _collect(world, learner, world.random, first - world.steps)
        if world.silent is None:
            prepare(learner)
    if world.silent is not None and learner.data is None:
        raise world.silent  # before there is anything to save
    _judge_itself(c, learner)
    if isinstance(world, DerivedWorld):
        env = world.derive_by(learner.simulator)
    else:
        env = branches_env(world.env.task, c, learner)
    policy = make_learner(env, c.learner, seed=c.seed, folder=run.folder)
    run.add("learner", policy)
    if isinstance(task, RealRobot):
        task.task.robot.save(run.folder / ROBOT)  # for `real_steps`
    _raise_silence(world, run)
    record, logger = run.record, tensorboard(run.folder)
    with interruptible() as interruption:
        while world.steps < real_steps:
            before, loss = world.steps, 0.0
            wanted = min(c.round_steps, real_steps - world.steps)
            if isinstance(world, DerivedWorld):
                loss = learner.learn(c.model_updates)
                learner.add(_along_real_steps(world, policy, wanted))
            else:
                for part in range(c.slices):
                    loss = learner.learn(_share(c.model_updates, part, c.slices))
                    policy.learn(_share(c.virtual_steps, part, c.slices))
                _collect(world, learner, policy.act, wanted)
                _raise_silence(world, run)
                env.set_starts(learner.states())
                env.bounds.move(learner.box)
                _judge_itself(c, learner)
            over = world.steps >= real_steps
            if over or world.steps // c.evaluate_every > before // c.evaluate_every:
                found = _evaluated(task, policy, world, c.episodes)
                if found is not None:
                    record.curve.append({"real_steps": world.steps, "updates": policy.updates, "return": found})
            run.tick()
            state = _state(record, world, loss, real_steps)
            for name in ("model_loss", "return", "training_return"):
                logger.record(f"real/{name}", state[name])
            logger.dump(world.steps)
            report(state)
            if over or world.steps // SAVE_EVERY > before // SAVE_EVERY or interruption.asked:
                run.save()
            interruption.end()
    learned = policy.policy(card_of_real_steps(record, real_steps=world.steps, updates=policy.updates))
    learned.save(run.folder / POLICY)
    return AlternationResult(learned, record, learner.simulator, world.returns)


def identity_of(task: str | RealRobot) -> str:
    """The text by which a run's record knows its task."""
    return task if isinstance(task, str) else task.identity


def _collect(world: RealWorld, learner: ModelLearner, act: Act, steps: int) -> None:
    """Give the model about `steps` real control steps under `act`, or those before the robot stopped answering."""
    new = world.collect(act, steps)
    if len(new.qpos):
        learner.add(new)


def _along_real_steps(world: DerivedWorld, policy: Learner, steps: int) -> Transitions:
    """About `steps` real steps, from which the policy learned in whole updates; what is less than one it only acts."""
    each = steps_taken(steps, world.env.num_envs) // world.env.num_envs
    whole = each // policy.least_steps * policy.least_steps
    return world.learned(policy, whole) if whole else world.collect(policy.act, steps)


def _raise_silence(world: RealWorld, run: Run) -> None:
    """Save the run and raise, if the robot does not answer."""
    if world.silent is not None:
        run.tick()
        run.save()
        raise world.silent


def _evaluated(task: str | RealRobot, policy: Learner, world: RealWorld, episodes: int) -> float | None:
    """The mean return of the policy in the real task; on a robot, where each step counts, of its last episodes of training, if any."""
    if isinstance(task, str):
        return real_return(task, policy.policy({"task": task}), episodes=episodes).mean
    last = [value for _, value in world.returns[-episodes:]]
    return sum(last) / len(last) if last else None


def _judge_itself(config: AlternationConfig, learner: ModelLearner) -> None:
    """Have the model measure by how much its members differ where it was in reality, if a penalty may ask."""
    if config.penalty != NO_PENALTY and learner.simulator.members > 1:
        learner.measure_disagreement()


def branches_env(task: str | Task, config: AlternationConfig, learner: ModelLearner) -> TorchEnv:
    """Short episodes in the model that begin in real states."""
    return TorchEnv(
        task,
        config.branches,
        checkpoint=learner.simulator,
        max_episode_steps=config.branch,
        stagger=True,
        reset_from=learner.states(),
        penalties=penalties_of(config.penalty, config.threshold_scale),
        gradients=LEARNERS.find(config.learner.algo).needs_gradients,
    )


def _state(record: RunRecord, world: RealWorld, loss: float, real_steps: int) -> dict[str, float]:
    """The state of a run, for reports."""
    return {
        "real_steps": world.steps,
        "real_steps_in_all": real_steps,
        "seconds": record.seconds,
        "model_loss": loss,
        "return": record.curve[-1]["return"] if record.curve else float("nan"),
        "training_return": world.returns[-1][1] if world.returns else float("nan"),
    }


def check(task: object, c: AlternationConfig, real_steps: int) -> None:
    """Raise for a task that has no real steps, and for settings with which no run is possible."""
    if not isinstance(task, str | RealRobot):
        raise TypeError(
            f"task is of {type(task).__name__}; real steps come from a task's id or a RealRobot. In an environment of a model train by "
            "zero_shot(env, config_for(env), …), of mosim_gym.rl.strategies.zero_shot."
        )
    if whole_number(real_steps) is None:
        raise ValueError(f"real_steps is {real_steps!r}; it must be a whole number.")
    first = steps_taken(c.random_steps, c.real_envs)
    if steps_taken(real_steps, c.real_envs) <= first:
        raise ValueError(f"real_steps is {real_steps}; the first {first} are random, so it must be more.")
    check_held(c.learner, c.branches if c.forward == "model" else c.real_envs)
    if c.forward == "real" and not isinstance(task, str):
        raise ValueError(
            "forward is real with a RealRobot; a learner steps only simulated tasks itself: leave forward out."
        )


def _share(total: int, part: int, parts: int) -> int:
    """The share of `total` that falls into `part` of `parts`."""
    return total * (part + 1) // parts - total * part // parts
