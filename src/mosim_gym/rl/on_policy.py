"""On-policy: model and policy learn together from nothing, and every real step is counted from zero.

In each round the policy takes some real steps, the model learns from all real steps so far, and the policy learns from short episodes in
the model that branch off from real states:

    real steps by the policy  →  updates of the model  →  branches in the model, updates of the policy  →  again

The learner of the policy is SB3's, unmodified.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import VecMonitor

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.evaluation.machine import machine
from mosim_gym.rl.arithmetic import products
from mosim_gym.rl.model_learner import ModelLearner
from mosim_gym.rl.policies import ActorPolicy, actor_of, algorithm
from mosim_gym.rl.real_world import RealWorld
from mosim_gym.rl.report import real_return
from mosim_gym.rl.settings import check_learner, check_positive
from mosim_gym.rl.state import load_more, load_run, save_run
from mosim_gym.rl.vec_env import MoSimVecEnv
from mosim_gym.robots import find_task
from mosim_gym.training.run import model_for

STATE = "state.safetensors"


@dataclass(frozen=True)
class OnPolicyConfig:
    """`random_steps` real steps begin the run; then each round has the numbers below.

    `model_updates` are of an ensemble of `members`, each with batches of `model_batch` real transitions; `branches` episodes of `branch`
    steps then run side by side in the model for `virtual_steps`, each of them followed by `updates` of the policy.
    """

    algo: str = "sac"
    real_envs: int = 4
    random_steps: int = 2_000
    first_model_updates: int = 1_500
    round_steps: int = 1_000
    model_updates: int = 250
    members: int = 3
    model_batch: int = 512
    branches: int = 64
    branch: int = 20
    virtual_steps: int = 100
    updates: int = 12
    batch: int = 256
    width: int = 256
    rate: float = 1e-3
    horizon: int = 3
    discount: float = 0.99
    following: float = 0.005
    buffer: int = 200_000  # virtual transitions: what the model once said is forgotten
    evaluate_every: int = 10_000  # real steps
    episodes: int = 5  # of an evaluation, which nothing is learned from and which do not count
    seed: int = 0


@dataclass
class OnPolicyResult:
    """The last policy, and the run's record: `curve` of evaluations, `returns` of the episodes it learned from."""

    policy: ActorPolicy
    record: dict[str, Any]


def on_policy(
    task: str,
    config: OnPolicyConfig,
    *,
    real_steps: int,
    folder: Path,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> OnPolicyResult:
    """Learn `task` from about `real_steps` real control steps; an interrupted run goes on."""
    c = config
    if real_steps <= c.random_steps:
        raise ValueError(f"real_steps is {real_steps}; the first {c.random_steps} are random, so it must be more.")
    _check(c)
    record: dict[str, Any] = {"task": task, "config": asdict(c), "model": "from nothing", "seconds": 0.0, "curve": []}
    torch.manual_seed(c.seed)
    world = RealWorld(task, c.real_envs, seed=c.seed)
    fresh = MoSim(world.env.task.robot, model_for(find_task(task)[0].name, members=c.members))
    learner = ModelLearner(fresh, batch=c.model_batch, seed=c.seed)
    path = folder / STATE
    if path.exists():
        more = load_more(path, record)
        world.restore({name.removeprefix("world/"): part for name, part in more.items() if name.startswith("world/")})
        learner.restore({name.removeprefix("model/"): part for name, part in more.items() if name.startswith("model/")})
    else:
        learner.add(world.collect(world.random, c.random_steps))
        learner.fit_statistics()
        learner.learn(c.first_model_updates)
    venv = MoSimVecEnv(
        task,
        c.branches,
        checkpoint=learner.simulator,
        max_episode_steps=c.branch,
        stagger=True,
        reset_from=learner.states(),
    )
    model = _policy_learner(c, venv, folder)
    record = load_run(path, model, record) or record
    begun = time.monotonic() - record["seconds"]
    while world.steps < real_steps:
        before = world.steps
        with products("bfloat16"):
            model.learn(c.branches * c.virtual_steps, reset_num_timesteps=False, log_interval=10**9)
        learner.add(world.collect(lambda seen: model.predict(seen, deterministic=False)[0], c.round_steps))
        loss = learner.learn(c.model_updates)
        venv.torch.set_starts(learner.states())
        over = world.steps >= real_steps
        if over or world.steps // c.evaluate_every > before // c.evaluate_every:
            real = real_return(task, actor_of(model, {"task": task}), episodes=c.episodes)
            record["curve"].append({"real_steps": world.steps, "updates": int(model._n_updates), "return": real.mean})
        record["seconds"] = time.monotonic() - begun
        report(
            {
                "real_steps": world.steps,
                "seconds": record["seconds"],
                "model_loss": loss,
                "return": record["curve"][-1]["return"] if record["curve"] else float("nan"),
                "training_return": world.returns[-1][1] if world.returns else float("nan"),
            }
        )
        parts = {f"world/{name}": part for name, part in world.state().items()}
        parts |= {f"model/{name}": part for name, part in learner.state().items()}
        save_run(path, model, record, parts)
    record["returns"] = world.returns
    card = {
        "task": task,
        "algorithm": c.algo,
        "strategy": "on-policy",
        "config": asdict(c),
        "real_steps": world.steps,
        "updates": int(model._n_updates),
        "training_seconds": round(record["seconds"], 1),
        "curve": record["curve"],
        "machine": machine(),
    }
    policy = actor_of(model, card)
    policy.save(folder / "policy.safetensors")
    return OnPolicyResult(policy, record)


def _check(c: OnPolicyConfig) -> None:
    """Refuse, in one sentence, what no run can be made of."""
    positive = (
        "real_envs", "random_steps", "first_model_updates", "round_steps", "model_updates", "members", "model_batch", "branches", "branch",
        "virtual_steps", "updates", "batch", "width", "rate", "horizon", "evaluate_every", "episodes",
    )  # fmt: skip
    check_positive(c, positive)
    check_learner(c, c.branches)


def _policy_learner(c: OnPolicyConfig, venv: MoSimVecEnv, folder: Path) -> Any:
    learner: Any = algorithm(c.algo)
    model = learner(
        "MlpPolicy",
        VecMonitor(venv),
        learning_rate=c.rate,
        buffer_size=c.buffer,
        learning_starts=0,
        batch_size=c.batch,
        gamma=c.discount,
        tau=c.following,
        train_freq=1,
        gradient_steps=c.updates,
        n_steps=c.horizon,
        policy_kwargs={"net_arch": [c.width, c.width], "optimizer_kwargs": {"fused": True}},
        seed=c.seed,
        device="cpu",
    )
    model.set_logger(configure(str(folder / "tensorboard"), ["tensorboard"]))
    return model
