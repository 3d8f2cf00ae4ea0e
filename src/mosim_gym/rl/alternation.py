"""Model and policy learn in turn, from real steps that are counted from the first: the loop of few-shot and of on-policy learning.

Each round is

    (updates of the model  →  branches in the model, updates of the policy) × `slices`  →  real steps by the policy

where branches are short episodes in the model that begin in real states. The model learns from all real steps so far.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import check_at_least, check_seed, whole_number
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import check_folder, check_own
from mosim_gym.rl.flat_settings import changed, check_kinds, check_positive
from mosim_gym.rl.learner import tensorboard
from mosim_gym.rl.learner_settings import (
    SHAC,
    AnyLearnerConfig,
    LearnerConfig,
    ShacLearnerConfig,
    check_buffer,
    check_held,
    learner_named,
)
from mosim_gym.rl.model_learner import ModelLearner
from mosim_gym.rl.policies import ActorPolicy
from mosim_gym.rl.policy_learner import policy_learner
from mosim_gym.rl.real_world import RealWorld, steps_taken
from mosim_gym.rl.report import real_return
from mosim_gym.rl.state import load_more
from mosim_gym.training.state import restoring

STATE, POLICY = "state.safetensors", "policy.safetensors"
SAVE_EVERY = 1_000  # real steps, if rounds are shorter than that


SAC_ON_BRANCHES = LearnerConfig(updates=12, buffer=200_000)
"""What the model once said is forgotten: the buffer holds few virtual transitions."""
SHAC_ON_BRANCHES = ShacLearnerConfig(critic_passes=8)
LEARNERS: tuple[AnyLearnerConfig, ...] = (SAC_ON_BRANCHES, SHAC_ON_BRANCHES)
"""What the learner of an algorithm is set to where a schedule is of another one's."""


@dataclass(frozen=True)
class AlternationConfig:
    """A round: `model_updates` on batches of `model_batch` transitions, their rates those of ordinary training times `model_rate`;
    `branches` episodes of `branch` steps run side by side in the model for `virtual_steps`, in which `learner` learns; then `round_steps`
    real steps. Both kinds of learning alternate in `slices` equal parts. `random_steps` real steps come first.
    """

    learner: AnyLearnerConfig = SHAC_ON_BRANCHES
    real_envs: int = 4
    random_steps: int = 1_000
    round_steps: int = 1_000
    slices: int = 1
    model_updates: int = 350
    model_batch: int = 512
    model_rate: float = 1.0
    branches: int = 128
    branch: int = 100
    virtual_steps: int = 960
    evaluate_every: int = 10_000  # real steps
    episodes: int = 5  # of an evaluation, which nothing is learned from and which do not count
    seed: int = 0


C = TypeVar("C", bound=AlternationConfig)


def scheduled(
    default: C,
    schedules: Mapping[str, Mapping[str, Any]],
    schedule: str | None,
    algo: str | None,
    changes: Mapping[str, Any],
) -> C:
    """`default` by the named schedule, with the learner of `algo` and settings changed by name.

    Without a schedule's name it is `gradients`, or `branches` for an algorithm that needs none.
    """
    if schedule is None:
        schedule = "gradients" if algo in (None, SHAC) else "branches"
    if schedule not in schedules:
        raise UnknownName("schedule", schedule, list(schedules))
    config = replace(default, **schedules[schedule])
    if algo is not None:
        config = replace(config, learner=learner_named(algo, like=config.learner, others=LEARNERS))
    return changed(config, changes)


@dataclass
class AlternationResult:
    """The last policy, the run's record (`curve` of evaluations, `returns` of the episodes it learned from), and the model as it is now."""

    policy: ActorPolicy
    record: dict[str, Any]
    model: Simulator


def alternate(
    task: str,
    config: AlternationConfig,
    make_model: Callable[[RealWorld], ModelLearner],
    prepare: Callable[[ModelLearner], None],
    *,
    strategy: str,
    model: str,
    real_steps: int,
    folder: str | Path,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> AlternationResult:
    """Learn `task` from `real_steps` real control steps, rounded to a multiple of `real_envs`; an interrupted run goes on.

    `make_model` gives the model's learner, `prepare` what it does with the first real steps before the first round; `model` says which
    model that is.
    """
    c, folder = config, Path(folder)
    check(c, real_steps)
    check_folder(folder)
    check_own([folder / POLICY], folder / STATE)
    record: dict[str, Any] = {
        "task": task,
        "strategy": strategy,
        "config": asdict(c),
        "model": model,
        "seconds": 0.0,
        "curve": [],
    }
    real_steps = steps_taken(real_steps, c.real_envs)
    world = RealWorld(task, c.real_envs, seed=c.seed)
    learner = make_model(world)
    path = folder / STATE
    resumed = path.exists()
    if resumed:
        more = load_more(path, record)
        with restoring(path):
            world.restore(_under("world", more))
            learner.restore(_under("model", more))
    else:
        learner.add(world.collect(world.random, c.random_steps))
        prepare(learner)
    policy = policy_learner(
        task,
        c.learner,
        branches=c.branches,
        branch=c.branch,
        seed=c.seed,
        dynamics=learner.simulator,
        starts=learner.states(),
        folder=folder,
    )
    if resumed:
        record = policy.load(path, record)
    logger = tensorboard(folder)
    begun = time.monotonic() - record["seconds"]
    while world.steps < real_steps:
        before, loss = world.steps, 0.0
        for part in range(c.slices):
            loss = learner.learn(_share(c.model_updates, part, c.slices))
            policy.learn(_share(c.virtual_steps, part, c.slices))
        learner.add(world.collect(policy.act, min(c.round_steps, real_steps - world.steps)))
        policy.env.set_starts(learner.states())
        policy.env.bounds.move(learner.box)
        over = world.steps >= real_steps
        if over or world.steps // c.evaluate_every > before // c.evaluate_every:
            real = real_return(task, policy.policy({"task": task}), episodes=c.episodes)
            record["curve"].append({"real_steps": world.steps, "updates": policy.updates, "return": real.mean})
        record["seconds"] = time.monotonic() - begun
        state = {
            "real_steps": world.steps,
            "seconds": record["seconds"],
            "model_loss": loss,
            "return": record["curve"][-1]["return"] if record["curve"] else float("nan"),
            "training_return": world.returns[-1][1] if world.returns else float("nan"),
        }
        for name in ("model_loss", "return", "training_return"):
            logger.record(f"real/{name}", state[name])
        logger.dump(world.steps)
        report(state)
        if over or world.steps // SAVE_EVERY > before // SAVE_EVERY:
            parts = {f"world/{name}": part for name, part in world.state().items()}
            parts |= {f"model/{name}": part for name, part in learner.state().items()}
            policy.save(path, record, parts)
    record["returns"] = world.returns
    card = {
        "task": task,
        "algorithm": c.learner.algo,
        "strategy": strategy,
        "model": model,
        "config": asdict(c),
        "real_steps": world.steps,
        "updates": policy.updates,
        "training_seconds": round(record["seconds"], 1),
        "curve": record["curve"],
        "provenance": provenance(seeds=[c.seed]),
    }
    learned = policy.policy(card)
    learned.save(folder / POLICY)
    return AlternationResult(learned, record, learner.simulator)


def check(c: AlternationConfig, real_steps: int) -> None:
    """Refuse, in one sentence, what no run can be made of."""
    check_kinds(c)
    if whole_number(real_steps) is None:
        raise ValueError(f"real_steps is {real_steps!r}; it must be a whole number.")
    positive = (
        "real_envs", "random_steps", "round_steps", "slices", "model_batch", "model_rate", "branches", "branch",
        "virtual_steps", "evaluate_every", "episodes",
    )  # fmt: skip
    check_positive(c, positive)
    check_at_least(0, model_updates=c.model_updates)
    first = steps_taken(c.random_steps, c.real_envs)
    if steps_taken(real_steps, c.real_envs) <= first:
        raise ValueError(f"real_steps is {real_steps}; the first {first} are random, so it must be more.")
    check_held(c.learner)
    if isinstance(c.learner, LearnerConfig):
        check_buffer(c.learner, c.branches)
    check_seed(c.seed)


def _share(total: int, part: int, parts: int) -> int:
    """How many of `total` fall into `part` of `parts`."""
    return total * (part + 1) // parts - total * part // parts


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name[len(prefix) + 1 :]: part for name, part in arrays.items() if name.startswith(f"{prefix}/")}
